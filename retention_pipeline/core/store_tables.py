"""The tables of the delivery store, column by column: one per source, their catalogue and the quarantine.

Belongs here: names, types, keys and meaning. Not here: what a file must look like to fill them (``intake.contracts``).
"""

from __future__ import annotations

from retention_pipeline.core.tables import Column, Table

_PROVENANCE = (
    Column("known_date", "DATE", "Business date on which the row became known."),
    Column("delivery_id", "VARCHAR", "The delivery that brought the row."),
    Column("line", "BIGINT", "Line in the delivered file (header = 1), or row number in Parquet and query results."),
)

RAW_ORDERS = Table(
    "raw", "orders", "One row per accepted order record of each delivery.", ("delivery_id", "line"),
    (
        Column("order_id", "VARCHAR", "The shop's order number."),
        Column("customer_id", "VARCHAR", "Keyed hash of the customer; NULL for a guest.", nullable=True),
        Column("ordered_at", "TIMESTAMP", "When the order was placed (UTC)."),
        Column("updated_at", "TIMESTAMP", "When the record last changed (UTC).", nullable=True),
        Column("status", "VARCHAR", "paid, refunded, pending, cancelled, void, test, fraud or other."),
        Column("currency", "VARCHAR", "ISO 4217 code."),
        Column("amount", "DECIMAL(18,4)", "Gross order value."),
        Column("refund_amount", "DECIMAL(18,4)", "Refunded part of the order value."),
        Column("cost_amount", "DECIMAL(18,4)", "Cost of the goods, where the shop delivers it.", nullable=True),
        Column("discount_amount", "DECIMAL(18,4)", "Discount granted, where the shop delivers it.", nullable=True),
        Column("refunded_at", "TIMESTAMP", "When the refund was paid (UTC).", nullable=True),
        *_PROVENANCE,
    ),
)  # fmt: skip

RAW_CUSTOMERS = Table(
    "raw", "customers", "One row per accepted customer record of each delivery.", ("delivery_id", "line"),
    (
        Column("customer_id", "VARCHAR", "Keyed hash of the customer."),
        Column("created_at", "TIMESTAMP", "When the customer was registered (UTC).", nullable=True),
        Column("updated_at", "TIMESTAMP", "When the record last changed (UTC).", nullable=True),
        Column("attributes", "MAP(VARCHAR, VARCHAR)", "The configured segments and their values."),
        *_PROVENANCE,
    ),
)  # fmt: skip

RAW_FEEDBACK = Table(
    "raw", "feedback", "One row per accepted answer or unanswered invitation of each delivery.",
    ("delivery_id", "line"),
    (
        Column("feedback_id", "VARCHAR", "The answer's number."),
        Column("customer_id", "VARCHAR", "Keyed hash of the customer; NULL when unknown.", nullable=True),
        Column("order_id", "VARCHAR", "The order the answer is about.", nullable=True),
        Column("sent_at", "TIMESTAMP", "When the survey was sent (UTC).", nullable=True),
        Column("submitted_at", "TIMESTAMP", "When the answer was given (UTC); NULL while unanswered.", nullable=True),
        Column("measure", "VARCHAR", "nps, csat, thumbs or effort."),
        Column("score", "DECIMAL(9,2)", "The score on its own scale; NULL while unanswered.", nullable=True),
        Column("scale_min", "DECIMAL(9,2)", "Lowest score of the scale."),
        Column("scale_max", "DECIMAL(9,2)", "Highest score of the scale."),
        Column("wave", "VARCHAR", "Survey wave, where the shop names one.", nullable=True),
        Column("updated_at", "TIMESTAMP", "When the record last changed (UTC).", nullable=True),
        *_PROVENANCE,
    ),
)  # fmt: skip

RAW_SUBSCRIPTIONS = Table(
    "raw", "subscriptions", "One row per accepted subscription record of each delivery.", ("delivery_id", "line"),
    (
        Column("subscription_id", "VARCHAR", "The shop's number of the subscription."),
        Column("customer_id", "VARCHAR", "Keyed hash of the customer."),
        Column("started_at", "TIMESTAMP", "When it began (UTC)."),
        Column("ended_at", "TIMESTAMP", "When it ends or ended (UTC); NULL while open.", nullable=True),
        Column("monthly_amount", "DECIMAL(18,4)", "What it is worth a month."),
        Column("currency", "VARCHAR", "ISO 4217 code."),
        Column("updated_at", "TIMESTAMP", "When the record last changed (UTC).", nullable=True),
        *_PROVENANCE,
    ),
)  # fmt: skip

RAW_TICKETS = Table(
    "raw", "tickets", "One row per accepted support ticket record of each delivery.", ("delivery_id", "line"),
    (
        Column("ticket_id", "VARCHAR", "The ticket's number."),
        Column("customer_id", "VARCHAR", "Keyed hash of the customer; NULL when unknown.", nullable=True),
        Column("opened_at", "TIMESTAMP", "When the customer asked (UTC)."),
        Column("first_response_at", "TIMESTAMP", "When somebody first answered (UTC).", nullable=True),
        Column("resolved_at", "TIMESTAMP", "When it was closed (UTC).", nullable=True),
        Column("due_at", "TIMESTAMP", "By when the first answer was promised (UTC).", nullable=True),
        Column("kind", "VARCHAR", "complaint, question or other."),
        Column("updated_at", "TIMESTAMP", "When the record last changed (UTC).", nullable=True),
        *_PROVENANCE,
    ),
)  # fmt: skip

RAW_CHURN_REASONS = Table(
    "raw", "churn_reasons", "One row per accepted reason for leaving of each delivery.", ("delivery_id", "line"),
    (
        Column("customer_id", "VARCHAR", "Keyed hash of the customer."),
        Column("given_at", "TIMESTAMP", "When the reason was given (UTC)."),
        Column("reason", "VARCHAR", "Reason code; free text is set aside at intake."),
        *_PROVENANCE,
    ),
)  # fmt: skip

RAW_SPEND = Table(
    "raw", "spend", "One row per accepted record of marketing spend of each delivery.", ("delivery_id", "line"),
    (
        Column("spent_at", "TIMESTAMP", "When the money was spent (UTC)."),
        Column("kind", "VARCHAR", "acquisition or retention."),
        Column("channel", "VARCHAR", "Channel it was spent in; NULL when unknown.", nullable=True),
        Column("amount", "DECIMAL(18,4)", "Money spent."),
        Column("currency", "VARCHAR", "ISO 4217 code."),
        *_PROVENANCE,
    ),
)  # fmt: skip

RAW_FX_RATES = Table(
    "raw", "fx_rates", "One row per accepted exchange rate of each delivery.", ("delivery_id", "line"),
    (
        Column("currency", "VARCHAR", "ISO 4217 code of the foreign currency."),
        Column("quoted_at", "TIMESTAMP", "From when the rate holds (UTC)."),
        Column("rate", "DECIMAL(18,8)", "Units of the shop's currency for one unit of the foreign one."),
        *_PROVENANCE,
    ),
)  # fmt: skip

RAW_BENCHMARKS = Table(
    "raw", "benchmarks", "One row per accepted benchmark of each delivery.", ("delivery_id", "line"),
    (
        Column("metric", "VARCHAR", "Name of the metric."),
        Column("variant", "VARCHAR", "Variant of the metric."),
        Column("segment_set", "VARCHAR", "Segment set the benchmark is about; `all` for everybody."),
        Column("segment_key", "VARCHAR", "Segment the benchmark is about; `all` for everybody."),
        Column("value", "DECIMAL(18,8)", "The benchmark, in the unit of the metric; rates are fractions."),
        Column("source", "VARCHAR", "Who published it."),
        Column("quoted_at", "TIMESTAMP", "From when it holds (UTC).", nullable=True),
        *_PROVENANCE,
    ),
)  # fmt: skip

RAW_CONTROL_TOTALS = Table(
    "raw", "control_totals", "One row per accepted control total of each delivery.", ("delivery_id", "line"),
    (
        Column("grain", "VARCHAR", "Length of the period: day, week, month, quarter or year."),
        Column("period_start", "DATE", "First day of the period."),
        Column("measure", "VARCHAR", "orders, revenue_gross, refunds or revenue_net."),
        Column("value", "DECIMAL(18,4)", "The shop's own total."),
        Column("currency", "VARCHAR", "ISO 4217 code; always the shop's."),
        Column("updated_at", "TIMESTAMP", "When the total was last changed (UTC).", nullable=True),
        *_PROVENANCE,
    ),
)  # fmt: skip

RAW_DELIVERIES = Table(
    "raw", "deliveries", "One row per delivery: one file of one source for one business date.", ("delivery_id",),
    (
        Column("delivery_id", "VARCHAR", "Hash of source, date, content and mapping."),
        Column("source", "VARCHAR", "Name of the source, such as orders."),
        Column("kind", "VARCHAR", "increment or snapshot."),
        Column("business_date", "DATE", "The date in the file name; NULL for a history file.", nullable=True),
        Column("path", "VARCHAR", "Path relative to the configuration's folder."),
        Column("content_sha256", "VARCHAR", "Checksum of the delivered bytes."),
        Column("mapping_hash", "VARCHAR", "Fingerprint of the configuration the file was read with."),
        Column("sequence", "BIGINT", "Order of arrival."),
        Column("received_date", "DATE", "Day of arrival."),
        Column("status", "VARCHAR", "accepted or refused."),
        Column("refusal", "VARCHAR", "Why the delivery was refused.", nullable=True),
        Column("records", "BIGINT", "Records in the file, counted independently of the reader."),
        Column("loaded", "BIGINT", "Records accepted."),
        Column("quarantined", "BIGINT", "Records set aside with a reason."),
        Column("suppressed", "BIGINT", "Exact duplicates of another record of the same delivery."),
        Column("first_known", "DATE", "Earliest known date of its rows.", nullable=True),
        Column("last_known", "DATE", "Latest known date of its rows.", nullable=True),
        Column("is_current", "BOOLEAN", "Whether it counted for its source and date at the as_of of the run."),
        Column("erased", "BIGINT", "Records of persons who have been erased since; nothing of them is kept."),
        Column("repairs", "VARCHAR", "The delivery whose set-aside records it brings, repaired.", nullable=True),
        Column("columns_found", "VARCHAR", "Contract columns that the file had, separated by commas.", nullable=True),
    ),
)  # fmt: skip

RAW_QUARANTINE = Table(
    "raw", "quarantine", "One row per record that was set aside.", ("delivery_id", "line"),
    (
        Column("delivery_id", "VARCHAR", "The delivery that brought the record."),
        Column("source", "VARCHAR", "Name of the source, such as orders."),
        Column("path", "VARCHAR", "Path relative to the configuration's folder."),
        Column("line", "BIGINT", "Line in the delivered file (header = 1), or row number."),
        Column("reason", "VARCHAR", "Reason code."),
        Column("column_name", "VARCHAR", "The contract column at fault.", nullable=True),
        Column("record", "VARCHAR", "The mapped columns as JSON, the customer hashed."),
        Column("known_date", "DATE", "Business date, where it could be read.", nullable=True),
        Column("resolved_by", "VARCHAR", "The repair that brought the record, while that counts.", nullable=True),
        Column("resolved_sha256", "VARCHAR", "Checksum of the cells it was repaired with.", nullable=True),
    ),
)  # fmt: skip

RAW_ARRIVALS = Table(
    "raw", "arrivals", "One row per change of what counts for a source and business date.", ("position",),
    (
        Column("position", "BIGINT", "Order of the changes."),
        Column("source", "VARCHAR", "Name of the source, such as orders."),
        Column("business_date", "DATE", "The date in the file name; NULL for a history file.", nullable=True),
        Column("delivery_id", "VARCHAR", "The delivery that counts from now on; NULL: none.", nullable=True),
        Column("known_from", "DATE", "First as_of that sees the change; NULL until its intake ends.", nullable=True),
        Column("repair_id", "VARCHAR", "The repair that the change is about; NULL: the file itself.", nullable=True),
    ),
)  # fmt: skip
"""The log behind ``is_current`` of the catalogue; whoever only asks what counts now does so by ``COUNTING``."""
COUNTING = (
    "SELECT delivery_id FROM (SELECT delivery_id FROM raw.arrivals QUALIFY row_number() OVER ("
    "PARTITION BY source, business_date, repair_id ORDER BY position DESC) = 1) WHERE delivery_id IS NOT NULL"
)
"""Deliveries that count now, whatever ``is_current`` shows of the ``as_of`` of the last run."""

RAW_PROFILES = Table(
    "raw", "profiles", "One row per delivery, aspect of its records and value of that aspect.",
    ("delivery_id", "aspect", "value"),
    (
        Column("delivery_id", "VARCHAR", "The delivery."),
        Column("aspect", "VARCHAR", "Form of an id, or size of an amount in a currency."),
        Column("value", "VARCHAR", "Kinds of characters and length; order of magnitude in steps of 12 %."),
        Column("count", "BIGINT", "Records with this value."),
    ),
)  # fmt: skip
"""What deliveries looked like; only intake looks at it, to compare the next ones."""

BESIDE_THE_CATALOGUE = (RAW_ARRIVALS, RAW_PROFILES)
"""Tables of the store that no model and no check reads."""

STORE_TABLES = (
    RAW_DELIVERIES,
    RAW_ORDERS,
    RAW_CUSTOMERS,
    RAW_FEEDBACK,
    RAW_SUBSCRIPTIONS,
    RAW_TICKETS,
    RAW_CHURN_REASONS,
    RAW_SPEND,
    RAW_FX_RATES,
    RAW_BENCHMARKS,
    RAW_CONTROL_TOTALS,
    RAW_QUARANTINE,
)
