"""The optional sources: what each of them takes in, what it sets aside and for which reason."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from retention_pipeline.core.errors import ConfigError
from retention_pipeline.intake.preview import preview
from tests.intake.conftest import GOOD, KEY, RECEIVED, Shop

SUBSCRIPTIONS = "subscription_id,customer_id,started_at,ended_at,monthly_amount"
TICKETS = "ticket_id,customer_id,opened_at,first_response_at,resolved_at,due_at,kind"
REASONS = "customer_id,given_at,reason"
SPEND = "spent_at,kind,channel,amount"
TOTALS = "grain,period_start,measure,value,currency,updated_at"
BENCHMARKS = "metric,variant,segment_set,segment_key,value,source,quoted_at"


def test_a_subscription_is_open_ended_or_ends_one_day_even_in_the_future(shop: Shop) -> None:
    shop.deliver(
        "subscriptions", SUBSCRIPTIONS,
        "s1,c1,2026-01-05,,19.90", "s2,c1,2026-01-05,2026-02-05,0", "s3,c2,2026-01-05,2027-01-05,5",
        "s4,c2,2026-01-05,9999-12-31,5", "s5,c2,2026-01-05,2026-01-05,5",
    )  # fmt: skip
    rows = shop.query(
        "SELECT subscription_id, CAST(ended_at AS VARCHAR), monthly_amount, currency, known_date"
        " FROM raw.subscriptions ORDER BY line"
    )
    day = dt.date(2026, 1, 5)
    assert rows == [
        ("s1", None, Decimal("19.9000"), "EUR", day),
        ("s2", "2026-02-04 23:00:00", Decimal("0.0000"), "EUR", day),
        ("s3", "2027-01-04 23:00:00", Decimal("5.0000"), "EUR", day),
        ("s4", "9999-12-30 23:00:00", Decimal("5.0000"), "EUR", day),
        ("s5", "2026-01-04 23:00:00", Decimal("5.0000"), "EUR", day),
    ]
    assert shop.quarantined() == []


@pytest.mark.parametrize(
    ("row", "reason", "column"),
    [
        (",c1,2026-01-05,,5", "missing_subscription_id", "subscription_id"),
        ("s,,2026-01-05,,5", "missing_customer_id", "customer_id"),
        ("s,c1,,,5", "missing_started_at", "started_at"),
        ("s,c1,2026-03-20,,5", "timestamp_in_future", "started_at"),
        ("s,c1,2026-01-05,2026-01-04,5", "ended_before_started", "ended_at"),
        ("s,c1,2026-01-05,soon,5", "timestamp_unreadable", "ended_at"),
        ("s,c1,2026-01-05,1970-01-01,5", "timestamp_too_early", "ended_at"),
        ("s,c1,2026-01-05,,", "missing_monthly_amount", "monthly_amount"),
        ("s,c1,2026-01-05,,-0.01", "negative_amount", "monthly_amount"),
    ],
)
def test_a_subscription_that_cannot_be_is_set_aside(shop: Shop, row: str, reason: str, column: str) -> None:
    shop.deliver("subscriptions", SUBSCRIPTIONS, row)
    assert shop.quarantined() == [(2, reason, column)]


def test_a_file_that_cannot_say_when_subscriptions_ended_is_refused(shop: Shop) -> None:
    shop.configure(rest='[sources.subscriptions]\npath = "s.csv"')
    shop.rows(GOOD)
    shop.rows("s1,c1,2026-01-05,5", name="s.csv", header="subscription_id,customer_id,started_at,monthly_amount")
    (refusal,) = shop.ingest().refused
    assert "'ended_at'" in refusal.detail


def test_a_ticket_may_be_anonymous_unanswered_and_due_in_the_future(shop: Shop) -> None:
    shop.deliver(
        "tickets", TICKETS,
        "t1,,2026-03-01T10:00,,,2026-03-20T10:00,complaint", "t2,c1,2026-03-01T10:00,2026-03-01T10:00,,,QUESTION",
    )  # fmt: skip
    assert shop.query("SELECT customer_id IS NULL, CAST(due_at AS VARCHAR), kind FROM raw.tickets ORDER BY line") == [
        (True, "2026-03-20 09:00:00", "complaint"),
        (False, None, "question"),
    ]


@pytest.mark.parametrize(
    ("row", "reason", "column"),
    [
        (",c1,2026-03-01,,,,question", "missing_ticket_id", "ticket_id"),
        ("t,c1,,,,,question", "missing_opened_at", "opened_at"),
        ("t,c1,2026-03-01T10:00,2026-03-01T09:59,,,question", "before_opened", "first_response_at"),
        ("t,c1,2026-03-01T10:00,,2026-02-28,,question", "before_opened", "resolved_at"),
        ("t,c1,2026-03-01,2026-04-01,,,question", "timestamp_in_future", "first_response_at"),
    ],
)
def test_a_ticket_that_cannot_be_is_set_aside(shop: Shop, row: str, reason: str, column: str) -> None:
    shop.deliver("tickets", TICKETS, row)
    assert shop.quarantined() == [(2, reason, column)]


def test_kinds_of_tickets_are_translated_and_unknown_ones_are_other_and_told(shop: Shop) -> None:
    words = ["Reklamation", "complaint", "frage", "lob", "LOB", ""]
    shop.deliver(
        "tickets", TICKETS, *(f"t{n},c,2026-03-01,,,,{word}" for n, word in enumerate(words)),
        options='kinds = { reklamation = "complaint", Frage = "question" }',
    )  # fmt: skip
    kinds = [kind for (kind,) in shop.query("SELECT kind FROM raw.tickets ORDER BY line")]
    assert kinds == ["complaint", "complaint", "question", "other", "other", "other"]
    (warning,) = shop.told
    assert "tickets: kind words without a meaning count as 'other', which is no complaint" in warning
    assert "[sources.tickets.kinds]" in warning


def test_without_a_column_of_kinds_every_ticket_is_a_question(shop: Shop) -> None:
    shop.deliver("tickets", "ticket_id,opened_at", "t1,2026-03-01")
    assert shop.query("SELECT kind FROM raw.tickets") == [("question",)]
    assert shop.told == []


def test_a_column_of_subjects_is_not_repeated_as_if_it_held_kinds(shop: Shop) -> None:
    rows = (f"t{n},c,2026-03-01,,,,my parcel {n} from anna is lost" for n in range(30))
    shop.deliver("tickets", TICKETS, *rows)
    assert shop.told == ["tickets: the kind column holds 30 different values; is it the right column?"]
    assert "anna" not in str(shop.query("SELECT * FROM raw.tickets"))


@pytest.mark.parametrize("source", ["tickets", "spend"])
def test_words_that_differ_by_case_only_are_a_mistake(shop: Shop, source: str) -> None:
    ours = {"tickets": "question", "spend": "retention"}[source]
    shop.configure(rest=f'[sources.{source}]\npath = "x.csv"\nkinds = {{ a = "{ours}", A = "{ours}" }}')
    shop.rows(GOOD)
    with pytest.raises(ConfigError, match=rf"sources\.{source}\.kinds: 'a' and 'A' differ by case only"):
        shop.ingest()


CODES = {
    "price": "price", " Too Expensive ": "too expensive", "q-1/a.b_c": "q-1/a.b_c", "x" * 40: "x" * 40,
    "x" * 41: None, "anna@example.org was rude": None, "schlecht!": None, "per brangu, žinoma": None,
    "she said: never again": None, "-": None, "x" * 1001: None,
}  # fmt: skip


def test_a_reason_is_a_code_and_what_a_person_wrote_is_never_stored(shop: Shop) -> None:
    shop.deliver("churn_reasons", REASONS, *(f'c{n},2026-03-01,"{text}"' for n, text in enumerate(CODES)))
    kept = [reason for (reason,) in shop.query("SELECT reason FROM raw.churn_reasons ORDER BY line")]
    assert kept == [code for code in CODES.values() if code is not None]
    set_aside = shop.query("SELECT reason, record ->> 'reason' FROM raw.quarantine ORDER BY line")
    long = [("value_too_long" if len(text) > 1000 else "not_a_code", None) for text, code in CODES.items() if not code]
    assert set_aside == long
    assert "rude" not in str([shop.query(f"SELECT * FROM raw.{name}") for name in ("churn_reasons", "quarantine")])


def test_free_text_is_not_kept_when_its_record_is_set_aside_for_another_reason(shop: Shop) -> None:
    shop.deliver(
        "churn_reasons", REASONS, ",2026-03-01,your Anna was rude!", ",2026-03-01,price", "c1,,price", "c1,2026-03-01,"
    )
    assert [reason for _, reason, _ in shop.quarantined()] == [
        "missing_customer_id", "missing_customer_id", "missing_given_at", "missing_reason",
    ]  # fmt: skip
    kept = [reason for (reason,) in shop.query("SELECT record ->> 'reason' FROM raw.quarantine ORDER BY line")]
    assert kept == [None, "price", "price", None]


def test_a_customer_may_give_several_reasons_and_the_same_one_once(shop: Shop) -> None:
    shop.deliver(
        "churn_reasons", REASONS, "c1,2026-03-01,price", "c1,2026-03-01,Price", "c1,2026-03-01,quality",
        "c1,2026-03-02,price",
    )  # fmt: skip
    assert shop.query("SELECT line FROM raw.churn_reasons ORDER BY line") == [(2,), (4,), (5,)]
    assert shop.query("SELECT suppressed FROM raw.deliveries WHERE source = 'churn_reasons'") == [(1,)]


def test_money_spent_has_a_kind_and_two_equal_payments_are_two(shop: Shop) -> None:
    shop.deliver(
        "spend", SPEND, "2026-03-01,ads,search,100", "2026-03-01,ads,search,100", "2026-03-02,Retention,,0",
        options='kinds = { ADS = "acquisition" }',
    )  # fmt: skip
    assert shop.query("SELECT kind, channel, amount, known_date FROM raw.spend ORDER BY line") == [
        ("acquisition", "search", Decimal(100), dt.date(2026, 3, 1)),
        ("acquisition", "search", Decimal(100), dt.date(2026, 3, 1)),
        ("retention", None, Decimal(0), dt.date(2026, 3, 2)),
    ]
    assert shop.query("SELECT suppressed FROM raw.deliveries WHERE source = 'spend'") == [(0,)]


@pytest.mark.parametrize(
    ("row", "reason", "column"),
    [
        (",acquisition,,5", "missing_spent_at", "spent_at"),
        ("2026-03-01,,,5", "missing_kind", "kind"),
        ("2026-03-01,branding,,5", "unknown_spend_kind", "kind"),
        ("2026-03-01,other,,5", "unknown_spend_kind", "kind"),
        ("2026-03-01,retention,,", "missing_amount", "amount"),
        ("2026-03-01,retention,,-5", "negative_amount", "amount"),
    ],
)
def test_spending_that_cannot_be_is_set_aside(shop: Shop, row: str, reason: str, column: str) -> None:
    shop.deliver("spend", SPEND, row)
    assert shop.quarantined() == [(2, reason, column)]


def test_a_benchmark_is_about_everybody_unless_it_says_otherwise(shop: Shop) -> None:
    shop.deliver(
        "benchmarks", BENCHMARKS,
        "customer_retention_rate,set_based,,,0.8123,Trade body,",
        "net_promoter_score,,country,DE,-0.1,Survey,2026-02-01",
    )  # fmt: skip
    everybody, germans = shop.query("SELECT * EXCLUDE (delivery_id) FROM raw.benchmarks ORDER BY line")
    assert everybody == (
        "customer_retention_rate", "set_based", "all", "all", Decimal("0.81230000"), "Trade body", None,
        dt.date(1900, 1, 1), 2,
    )  # fmt: skip
    assert germans[1:4] == ("standard", "country", "DE")
    assert germans[7] == dt.date(2026, 2, 1)


def test_a_benchmark_needs_nothing_but_metric_value_and_source(shop: Shop) -> None:
    shop.deliver("benchmarks", "metric,value,source", "customer_churn_rate,0.05,Trade body")
    assert shop.query("SELECT variant, segment_set, segment_key FROM raw.benchmarks") == [("standard", "all", "all")]


@pytest.mark.parametrize(
    ("row", "reason", "column"),
    [
        (",,,,1,s,", "missing_metric", "metric"),
        ("m,,,,,s,", "missing_value", "value"),
        ("m,,,,1,,", "missing_source", "source"),
        ("m,,country,,1,s,", "missing_segment_key", "segment_key"),
        ("m,,,DE,1,s,", "missing_segment_set", "segment_set"),
        ("m,,,,80 %,s,", "number_unreadable", "value"),
        ("m,,,,1,s,2026-13-01", "timestamp_unreadable", "quoted_at"),
    ],
)
def test_a_benchmark_that_says_too_little_is_set_aside(shop: Shop, row: str, reason: str, column: str) -> None:
    shop.deliver("benchmarks", BENCHMARKS, row)
    assert shop.quarantined() == [(2, reason, column)]


def test_a_total_of_the_books_becomes_known_when_its_period_is_over(shop: Shop) -> None:
    shop.configure(rest='[sources.control_totals]\npath = "control_totals.csv"\nmeasures = { sales = "revenue_gross" }')
    shop.rows(GOOD)
    shop.rows(
        "Month,2026-01-01,sales,1200.50,,", "week,2026-01-05 00:00:00,orders,12,EUR,", "quarter,2025-10-01,refunds,0,,",
        "year,2025-01-01,revenue_net,-3,,2026-02-10T23:30:00Z", "day,2026-02-28,orders,3,,",
        name="control_totals.csv", header=TOTALS,
    )  # fmt: skip
    shop.ingest()
    assert shop.quarantined() == []
    assert shop.query("SELECT grain, period_start, measure, value, currency, known_date FROM raw.control_totals"
                      " ORDER BY line") == [
        ("month", dt.date(2026, 1, 1), "revenue_gross", Decimal("1200.5000"), "EUR", dt.date(2026, 2, 1)),
        ("week", dt.date(2026, 1, 5), "orders", Decimal("12.0000"), "EUR", dt.date(2026, 1, 12)),
        ("quarter", dt.date(2025, 10, 1), "refunds", Decimal("0.0000"), "EUR", dt.date(2026, 1, 1)),
        ("year", dt.date(2025, 1, 1), "revenue_net", Decimal("-3.0000"), "EUR", dt.date(2026, 2, 11)),
        ("day", dt.date(2026, 2, 28), "orders", Decimal("3.0000"), "EUR", dt.date(2026, 3, 1)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "reason", "column"),
    [
        ("decade,2020-01-01,orders,1,,", "unknown_grain", "grain"),
        (",2026-01-01,orders,1,,", "missing_grain", "grain"),
        ("month,,orders,1,,", "missing_period_start", "period_start"),
        ("month,2026-01-02,orders,1,,", "not_first_day_of_period", "period_start"),
        ("week,2026-01-06,orders,1,,", "not_first_day_of_period", "period_start"),
        ("quarter,2026-02-01,orders,1,,", "not_first_day_of_period", "period_start"),
        ("year,2026-02-01,orders,1,,", "not_first_day_of_period", "period_start"),
        ("month,2026-01-01T10:00:00,orders,1,,", "timestamp_unreadable", "period_start"),
        ("month,January,orders,1,,", "timestamp_unreadable", "period_start"),
        ("month,2027-01-01,orders,1,,", "timestamp_in_future", "period_start"),
        ("month,2026-01-01,visits,1,,", "unknown_measure", "measure"),
        ("month,2026-01-01,orders,1.5,,", "not_a_whole_number", "value"),
        ("month,2026-01-01,refunds,-1,,", "negative_amount", "value"),
        ("month,2026-01-01,orders,many,,", "number_unreadable", "value"),
        ("month,2026-01-01,revenue_net,1,USD,", "currency_not_supported", "currency"),
    ],
)
def test_a_total_of_no_period_or_measure_is_set_aside(shop: Shop, row: str, reason: str, column: str) -> None:
    shop.deliver("control_totals", TOTALS, row)
    assert shop.quarantined() == [(2, reason, column)]


@pytest.mark.parametrize(
    ("form", "text", "is_read"),
    [
        ("%Y-%m-%d %H:%M:%S%z", "2024-03-01 00:00:00+0100", True),
        ("%Y-%m-%d %H:%M:%S %z", "2024-03-01 00:00:00 -11:00", True),
        ("%Y-%m-%dT%H:%M:%S%z", "2024-03-01T00:00:00+01", True),
        ("%Y-%m-%d %H:%M:%S %Z", "2024-03-01 00:00:00 Europe/Berlin", True),
        ("%Y-%m-%d %H:%M:%S %Z", "2024-03-01 00:00:00 Etc/GMT+5", True),
        ("%a %b %d %H:%M:%S %z %Y", "Fri Mar 01 00:00:00 +0100 2024", True),
        ("(%z) %d.%m.%Y", "(-0500) 01.03.2024", True),
        ("%d/%m/%Y", "01/03/2024", True),
        ("%d/%m/%Y 100%%", "01/03/2024 100%", True),
        ("%Y-%m-%d %H:%M:%S", "2024-03-01 00:00:00", True),
        ("%Y-%m-%d %H:%M:%S", "2024-03-01 23:30:00", False),
        ("%Y-%m-%d %H:%M:%S%z", "2024-03-01 01:00:00+0100", False),
        ("%Y-%m-%d %H:%M:%S%z", "2024-03-01 00:00:00", False),
        ("%Y-%m-%d %H:%M:%S%z", "2024-03-01 00:00:00+01:", False),
        ("%Y-%m-%d %H:%M:%S %Z", "2024-03-01 00:00:00 Nowhere", False),
    ],
)
def test_the_day_of_a_period_is_the_one_that_is_written(shop: Shop, form: str, text: str, is_read: bool) -> None:
    shop.deliver("control_totals", TOTALS, f"month,{text},orders,1,,", options=f'timestamp_format = "{form}"')
    found = [] if is_read else [(2, "timestamp_unreadable", "period_start")]
    assert shop.quarantined() == found
    days = [(dt.date(2024, 3, 1),)] if is_read else []
    assert shop.query("SELECT period_start FROM raw.control_totals") == days


def test_a_total_in_another_currency_is_set_aside_also_where_there_are_rates(shop: Shop) -> None:
    shop.configure(rest="\n".join(f'[sources.{name}]\npath = "{name}.csv"' for name in ("fx_rates", "control_totals")))
    shop.rows(GOOD)
    shop.rows("USD,2026-01-01,0.9", name="fx_rates.csv", header="currency,quoted_at,rate")
    shop.rows("month,2026-01-01,refunds,1,USD,", name="control_totals.csv", header=TOTALS)
    shop.ingest()
    assert [reason for _, reason, _ in shop.quarantined()] == ["currency_not_supported"]


def test_what_totals_hold_is_said_in_known_words_and_rereads_nothing(shop: Shop) -> None:
    section = '[sources.control_totals]\npath = "control_totals.csv"\n'
    with pytest.raises(ConfigError, match="includes"):
        shop.configure(rest=section + 'includes = ["the weather"]')
    shop.configure(rest=section)
    shop.rows(GOOD)
    shop.rows("month,2026-01-01,refunds,1,,", name="control_totals.csv", header=TOTALS)
    shop.ingest()
    shop.configure(rest=section + 'includes = ["no_customer", "excluded_status", "status_test", "time_basis"]')
    assert shop.ingest().sources["control_totals"].deliveries_new == 0


def test_a_daily_file_supersedes_and_dates_what_it_brings_as_for_orders(shop: Shop) -> None:
    shop.configure(rest='[sources.tickets]\npath = "t_{date}.csv"')
    shop.rows(GOOD)
    shop.rows("t1,c1,2026-02-01,,,,question", name="t_2026-03-01.csv", header=TICKETS)
    shop.ingest()
    shop.rows("t1,c1,2026-02-01,2026-02-02,,,question", name="t_2026-03-01.csv", header=TICKETS)
    report = shop.ingest()
    assert report.sources["tickets"].deliveries_superseded == 1
    assert shop.query(
        "SELECT known_date, first_response_at IS NULL, is_current FROM raw.tickets"
        " JOIN raw.deliveries USING (delivery_id)"
        " ORDER BY is_current"
    ) == [(dt.date(2026, 3, 1), True, False), (dt.date(2026, 3, 1), False, True)]


def test_a_customer_has_one_hash_in_every_source(shop: Shop) -> None:
    sources = {
        "subscriptions": (SUBSCRIPTIONS, "s1,c1,2026-01-05,,5"),
        "tickets": (TICKETS, "t1,c1,2026-03-01,,,,question"),
        "churn_reasons": (REASONS, "c1,2026-03-01,price"),
    }
    shop.configure(rest="\n".join(f'[sources.{name}]\npath = "{name}.csv"' for name in sources))
    shop.rows(GOOD)
    for name, (header, row) in sources.items():
        shop.rows(row, name=f"{name}.csv", header=header)
    shop.ingest()
    assert len({shop.query(f"SELECT customer_id FROM raw.{name}")[0] for name in ("orders", *sources)}) == 1


def test_a_preview_shows_every_source_with_what_counts_without_a_column(shop: Shop) -> None:
    headers = {
        "subscriptions": (SUBSCRIPTIONS, "s1,c1,2026-01-05,9999-12-31,5"), "spend": (SPEND, "2026-03-01,retention,,5"),
        "tickets": ("ticket_id,opened_at", "t1,2026-03-01"), "churn_reasons": (REASONS, "c1,2026-03-01,I was rude"),
        "fx_rates": ("currency,quoted_at,rate", "USD,2026-03-01,0.9"),
        "benchmarks": ("metric,value,source", "customer_churn_rate,0.05,Trade body"),
    }  # fmt: skip
    shop.configure(rest="\n".join(f'[sources.{name}]\npath = "{name}.csv"' for name in headers))
    shop.rows(GOOD)
    for name, (header, row) in headers.items():
        shop.rows(row, name=f"{name}.csv", header=header)
    seen = {source.name: source for source in preview(shop.store, shop.settings, KEY, received_date=RECEIVED)}
    assert set(seen) == {"orders", *headers}
    assert all(source.is_fit and len(source.sample) == 1 for source in seen.values())
    notes = {(name, column.contract): column.note for name, source in seen.items() for column in source.columns}
    assert notes["tickets", "kind"] == "without it: question"
    assert notes["benchmarks", "variant"] == "without it: standard"
    assert notes["subscriptions", "ended_at"] == "required"
