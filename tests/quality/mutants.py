"""Corruptions, and the checks that must notice them.

Belongs here: one entry per kind of damage. Not here: damage every table shares (empty, NULL, other columns), which
``test_suites_kill`` does to all tables.
"""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """SQL that damages the file behind the gate of ``table``, and the checks of that table that must fail."""

    table: str
    damage: str
    checks: tuple[str, ...]


def of(table: str, *entries: tuple[str, str]) -> list[Mutant]:
    """Entries of SQL and the checks it must fail, separated by blanks; ``$`` stands for the table."""
    return [Mutant(table, damage.replace("$", table), tuple(checks.split())) for damage, checks in entries]


_SAME_IN_ALL_RAW = (
    ("insert into $ select * from $ limit 1", "line_once conserved"),
    ("update $ set line = 0 where line = 2", "lines_count_from_one"),
    ("update $ set customer_id = 'anna@example.com' where line = 3", "customers_are_hashed"),
    ("update $ set customer_id = upper(customer_id)", "customers_are_hashed"),
    ("update $ set delivery_id = '9999999999999999' where line = 3", "delivered conserved"),
    ("update raw.deliveries set source = 'other'", "delivered"),
    ("delete from $ where line = 3", "conserved"),
    ("update $ set known_date = known_date - 1 where line = 3", "known_when_delivered"),
    ("update raw.deliveries set first_known = null, last_known = null", "known_when_delivered"),
)

RAW = [
    *of("raw.orders", *_SAME_IN_ALL_RAW),
    *of("raw.customers", *_SAME_IN_ALL_RAW),
    *of("raw.feedback", *_SAME_IN_ALL_RAW),
    *of(
        "raw.orders",
        ("update $ set status = 'shipped' where line = 3", "status_vocabulary"),
        ("update $ set order_id = ' ' where line = 3", "order_number_not_blank"),
        ("update $ set currency = 'eur' where line = 3", "currency_is_a_code"),
        ("update $ set ordered_at = '2031-01-01' where line = 3", "not_from_the_future"),
        ("update $ set known_date = '2024-05-01'", "something_is_known"),
        ("update raw.deliveries set is_current = false", "something_is_known"),
    ),
    *of(
        "raw.feedback",
        ("update $ set measure = 'stars' where line = 3", "measure_vocabulary"),
        ("update $ set feedback_id = '' where line = 3", "answer_number_not_blank"),
        ("update $ set score = 11 where measure = 'nps'", "score_within_scale"),
        ("update $ set scale_max = 100, score = score * 10 where measure = 'nps'", "score_within_scale"),
        ("update $ set scale_min = 5, scale_max = 1 where measure = 'csat'", "score_within_scale"),
        ("update $ set submitted_at = '2031-01-01' where line = 3", "not_from_the_future"),
    ),
    *of(
        "raw.deliveries",
        ("insert into $ select * from $ limit 1", "delivery_once one_current"),
        ("update $ set source = 'stock' where source = 'orders'", "source_vocabulary orders_delivered"),
        ("update $ set kind = 'delta' where source = 'orders'", "kind_vocabulary"),
        ("update $ set status = 'pending' where source = 'orders'", "status_vocabulary orders_delivered"),
        ("update $ set content_sha256 = left(content_sha256, 63)", "addressed_by_content"),
        ("update $ set delivery_id = 'orders-2024-02-02' where sequence = 1", "addressed_by_content"),
        ("update $ set records = records + 1 where sequence = 1", "records_conserved"),
        ("update $ set suppressed = -1, loaded = loaded + 2 where sequence = 1", "counts_not_negative"),
        ("delete from raw.quarantine", "quarantine_conserved"),
        ("insert into raw.quarantine select * from raw.quarantine", "quarantine_conserved"),
        ("update $ set is_current = true", "one_current"),
        ("update $ set is_current = false where sequence < 3", "no_day_lost"),
        ("update $ set is_current = false", "orders_delivered"),
        ("update $ set status = 'refused', refusal = 'cut' where sequence = 1", "none_refused"),
        ("update $ set refusal = 'cut' where sequence = 1", "refusals_explained"),
        ("update $ set first_known = last_known + 1 where sequence = 1", "coverage_in_order"),
        ("update $ set last_known = null where sequence = 1", "coverage_in_order"),
    ),
]

STAGING = [
    *of(
        "staging.stg_orders",
        ("insert into $ select * from $ limit 1", "order_once"),
        ("update $ set status = 'shipped' where order_id = 'o01'", "status_vocabulary latest_version"),
        ("delete from $ where order_id = 'o01'", "nothing_lost_or_added"),
        ("update $ set order_id = 'o99' where order_id = 'o01'", "nothing_lost_or_added"),
        (
            "update $ set revenue_gross = 400, revenue_net = 400, known_date = '2024-02-02' where order_id = 'o03'",
            "latest_version",
        ),
        ("update $ set revenue_gross = revenue_gross * 100", "latest_version net_is_gross_less_refunds"),
        ("update $ set customer_id = 'ffffffffffffffffffffffffffffffff' where order_id = 'o01'", "latest_version"),
        ("update $ set known_date = '2024-04-11' where order_id = 'o15'", "known_at_as_of"),
        ("update $ set revenue_net = revenue_gross where refund_amount <> 0", "net_is_gross_less_refunds"),
        ("update $ set revenue_net = revenue_gross + refund_amount", "net_is_gross_less_refunds"),
        ("update $ set has_customer = true", "guests_are_marked"),
        ("update $ set order_date = cast(ordered_at as date)", "business_date_of_the_shop"),
        ("update $ set order_date = order_date + 1 where order_id = 'o01'", "business_date_of_the_shop"),
        ("update $ set exclusion_reason = null where order_id = 'o07'", "excluded_or_valid"),
        ("update $ set exclusion_reason = 'status_void' where order_id = 'o07'", "reasons_hold"),
        ("update $ set exclusion_reason = 'after_as_of' where order_id = 'o14'", "reasons_hold"),
        ("update $ set is_valid = true where order_id = 'o07'", "valid_by_the_rule excluded_or_valid"),
        ("update $ set is_valid = true, exclusion_reason = null where order_id = 'o14'", "valid_by_the_rule"),
        ("update $ set order_date = '2024-04-11' where order_id = 'o15'", "valid_by_the_rule"),
        ("update $ set currency = 'USD' where order_id = 'o01'", "one_currency"),
    ),
    *of(
        "staging.stg_customers",
        ("insert into $ select * from $ limit 1", "customer_once"),
        ("delete from $ where customer_id like 'a%'", "nothing_lost_or_added"),
        ("update $ set created_at = created_at + interval 1 day", "nothing_lost_or_added"),
        ("update $ set known_date = '2024-04-11'", "known_at_as_of"),
    ),
    *of(
        "staging.stg_customer_attributes",
        ("insert into $ select * from $ limit 1", "interval_once"),
        ("update $ set segment_set = 'channel'", "every_set_is_there every_customer_in_every_set"),
        ("update $ set segment_key = ' ' where customer_id like 'a%'", "no_blank_value delivered_values_only"),
        ("update $ set valid_to = valid_to - 1 where valid_to < '9999-01-01'", "intervals_are_contiguous"),
        ("update $ set valid_to = '2024-04-01' where valid_to = '9999-12-31'", "intervals_are_contiguous"),
        ("update $ set valid_from = '2024-01-01' where valid_from < '1000-01-01'", "intervals_are_contiguous"),
        ("update $ set segment_key = 'DE' where customer_id like 'c%'", "values_change"),
        ("update $ set valid_from = '2024-04-11' where valid_from = '2024-03-01'", "known_at_as_of"),
        ("delete from $ where customer_id like 'b%'", "every_customer_in_every_set"),
        ("update $ set segment_key = 'FR' where customer_id like 'a%'", "delivered_values_only"),
    ),
    *of(
        "staging.stg_feedback",
        ("insert into $ select * from $ limit 1", "answer_once"),
        ("update $ set measure = 'stars' where feedback_id = 'f1'", "measure_vocabulary nothing_lost_or_added"),
        ("delete from $ where feedback_id = 'f1'", "nothing_lost_or_added"),
        ("update $ set score = 10 - score where measure = 'nps'", "nothing_lost_or_added"),
        ("update $ set known_date = '2024-04-11'", "known_at_as_of"),
        ("update $ set score = score * 10 where measure = 'csat'", "score_within_scale"),
        ("update $ set submitted_date = submitted_date - 1", "business_date_of_the_shop"),
        ("update $ set is_counted = true", "one_counts_per_wave"),
        ("update $ set is_counted = not is_counted where feedback_id in ('f1', 'f2')", "one_counts_per_wave"),
        ("update $ set is_counted = false where customer_id is null", "anonymous_answers_count"),
        ("update $ set submitted_date = '2024-04-11' where feedback_id = 'f7'", "anonymous_answers_count"),
    ),
]
