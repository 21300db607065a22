"""Staging of the optional sources: currencies, invitations, subscriptions, tickets, reasons, spend and the rest."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dbt.support import Project, Rows, cells

STAGING = ("path:models/staging",)
EVERYTHING = (
    "orders", "customers", "feedback", "subscriptions", "tickets", "churn_reasons", "spend", "fx_rates", "benchmarks",
    "control_totals",
)  # fmt: skip
OPTIONAL = {
    "stg_subscriptions": "subscriptions",
    "stg_tickets": "tickets",
    "stg_churn_reasons": "churn_reasons",
    "stg_spend": "spend",
    "stg_fx_rates": "fx_rates",
    "stg_benchmarks": "benchmarks",
    "stg_control_totals": "control_totals",
}


def staged(project: Project, rows: Rows, sql: str, **variables: Any) -> list[dict[str, Any]]:
    """The rows of a query over staging, whose data tests must pass."""
    with project.build(rows, select=STAGING, tests=True, sources=EVERYTHING, **variables) as built:
        return cells(built, sql)


def deliver_each(rows: Rows, day: str, *, number: str, event: str | None = None) -> None:
    """One record of each optional source, known on a day."""
    at = event or day
    rows.subscription(number, f"customer {number}", at, 10, known=day)
    rows.ticket(number, f"customer {number}", at, known=day)
    rows.reason(f"customer {number}", at, "price", known=day)
    rows.spend(at, "acquisition", 10, channel=f"channel {number}", known=day)
    rows.rate("USD", at, 2, known=day)
    rows.benchmark(f"metric {number}", 1, quoted=at, known=day)
    rows.control_total("2024-01-01", f"measure {number}", 1, known=day)


@pytest.mark.long
def test_a_missing_rate_sets_an_order_aside_and_a_later_one_heals_it(project: Project) -> None:
    rows = Rows()
    rows.order("first", "anna", "2024-02-01", 10, currency="USD")
    rows.order("second", "anna", "2024-02-20", 10, currency="USD")
    rows.rate("USD", "2024-02-15", "0.5")
    rows.rate("USD", "2024-01-31", "0.25", known="2024-03-01")
    sql = (
        "select order_id, fx_rate, revenue_gross, revenue_gross_constant as at_reference, exclusion_reason as reason"
        " from staging.stg_orders order by all"
    )
    assert staged(project, rows, sql, as_of="2024-02-29") == [
        {"order_id": "first", "fx_rate": None, "revenue_gross": 10, "at_reference": 10, "reason": "no_fx_rate"},
        {"order_id": "second", "fx_rate": 0.5, "revenue_gross": 5, "at_reference": 5, "reason": None},
    ]
    assert staged(project, rows, sql, as_of="2024-03-01", fx_reference_date="2024-01-31") == [
        {"order_id": "first", "fx_rate": 0.25, "revenue_gross": 2.5, "at_reference": 2.5, "reason": None},
        {"order_id": "second", "fx_rate": 0.5, "revenue_gross": 5, "at_reference": 2.5, "reason": None},
    ]


@pytest.mark.parametrize(("oldest", "reason"), [(4, "no_fx_rate"), (5, None)])
def test_a_rate_counts_for_as_many_days_as_allowed(project: Project, oldest: int, reason: str | None) -> None:
    rows = Rows()
    rows.order("only", "anna", "2024-02-20", 10, currency="USD")
    rows.rate("USD", "2024-02-15", "0.5")
    sql = "select exclusion_reason as reason from staging.stg_orders"
    assert staged(project, rows, sql, max_rate_age_days=oldest) == [{"reason": reason}]


@pytest.mark.long
def test_an_answer_replaces_its_invitation_and_an_unanswered_one_is_no_answer(project: Project) -> None:
    rows = Rows()
    rows.invitation("one", "anna", "2024-02-01")
    rows.invitation("two", "ben", "2024-02-01")
    rows.answer("one", "anna", "2024-02-05", "nps", 9, sent="2024-02-01")
    rows.answer("three", "cleo", "2024-02-05", "nps", 9)
    rows.order("only", "anna", "2024-02-01", 10)
    sql = (
        "select 'answer' as kind, feedback_id as id, submitted_date as day from staging.stg_feedback union all"
        " select 'invitation', feedback_id, answered_date from staging.stg_invitations order by all"
    )
    assert staged(project, rows, sql, as_of="2024-02-04") == [
        {"kind": "invitation", "id": "one", "day": None},
        {"kind": "invitation", "id": "two", "day": None},
    ]
    assert staged(project, rows, sql, as_of="2024-02-05") == [
        {"kind": "answer", "id": "one", "day": "2024-02-05"},
        {"kind": "answer", "id": "three", "day": "2024-02-05"},
        {"kind": "invitation", "id": "one", "day": "2024-02-05"},
        {"kind": "invitation", "id": "two", "day": None},
    ]


def counts(project: Project, rows: Rows, **variables: Any) -> dict[str, int]:
    """How many rows each optional staging table has."""
    sources = variables.pop("sources", EVERYTHING)
    with project.build(rows, select=STAGING, tests=True, sources=sources, **variables) as built:
        return {name: cells(built, f"select count(*) as n from staging.{name}")[0]["n"] for name in OPTIONAL}


def test_what_the_latest_snapshot_lacks_is_deleted(project: Project) -> None:
    rows = Rows()
    for day in ("2024-02-01", "2024-03-01"):
        for source in OPTIONAL.values():
            rows.deliver(source, day, kind="snapshot")
    deliver_each(rows, "2024-02-01", number="kept")
    deliver_each(rows, "2024-02-01", number="deleted", event="2024-01-31")
    deliver_each(rows, "2024-03-01", number="kept", event="2024-02-01")
    assert counts(project, rows, as_of="2024-02-29") == dict.fromkeys(OPTIONAL, 2)
    assert counts(project, rows, as_of="2024-03-01") == dict.fromkeys(OPTIONAL, 1)


def test_superseded_refused_and_later_deliveries_do_not_count(project: Project) -> None:
    rows = Rows()
    for source in OPTIONAL.values():
        rows.deliver(source, "2024-02-01", name=f"{source}-2024-02-01", is_current=False)
        rows.deliver(source, "2024-02-02", name=f"{source}-2024-02-02", status="refused")
    for day in ("2024-02-01", "2024-02-02", "2024-02-03", "2024-03-16"):
        deliver_each(rows, day, number=day)
    assert counts(project, rows, as_of="2024-03-15") == dict.fromkeys(OPTIONAL, 1)


def test_a_source_that_is_no_longer_configured_has_empty_tables(project: Project) -> None:
    rows = Rows()
    deliver_each(rows, "2024-02-01", number="1")
    assert counts(project, rows, sources=["orders"]) == dict.fromkeys(OPTIONAL, 0)


def test_what_happens_after_as_of_is_not_there_yet(project: Project) -> None:
    rows = Rows()
    deliver_each(rows, "2024-03-15", number="1", event="2024-03-16")
    found = counts(project, rows, as_of="2024-03-15")
    assert found == {**dict.fromkeys(OPTIONAL, 0), "stg_fx_rates": 1, "stg_subscriptions": 1, "stg_control_totals": 1}


@pytest.mark.long
def test_foreign_money_of_subscriptions_and_spend_is_converted_at_its_own_day(project: Project) -> None:
    rows = Rows()
    rows.rate("USD", "2024-02-01", "0.5")
    rows.rate("USD", "2024-02-04", "0.25")
    rows.subscription("early", "anna", "2024-02-03", 10, currency="USD")
    rows.subscription("late", "anna", "2024-02-04", 10, currency="USD")
    rows.subscription("odd", "anna", "2024-02-04", 10, currency="CHF")
    rows.spend("2024-02-03", "retention", 8, currency="USD")
    rows.spend("2024-02-03", "retention", 1)
    rows.spend("2024-02-03", "retention", 1, currency="CHF")
    sql = (
        "select subscription_id as id, monthly_amount as amount, is_valid as counts from staging.stg_subscriptions"
        " union all select channel, amount, no_fx_rate_count = 0 from staging.stg_spend order by all"
    )
    assert staged(project, rows, sql) == [
        {"id": "(unknown)", "amount": 5, "counts": False},
        {"id": "early", "amount": 5, "counts": True},
        {"id": "late", "amount": 2.5, "counts": True},
        {"id": "odd", "amount": 10, "counts": False},
    ]


def test_the_zone_of_the_shop_dates_everything(project: Project) -> None:
    rows = Rows()
    at = "2024-02-01 23:30:00"
    deliver_each(rows, "2024-02-02", number="1", event=at)
    rows.order("1", "anna", at, 10, refund=1, refunded=at, known="2024-02-02")
    rows.invitation("1", "anna", at, known="2024-02-02")
    columns = {
        "stg_subscriptions": "started_date", "stg_tickets": "opened_date", "stg_churn_reasons": "given_date",
        "stg_spend": "spend_date", "stg_fx_rates": "rate_date", "stg_benchmarks": "quoted_date",
        "stg_invitations": "sent_date", "stg_orders": "refund_date",
    }  # fmt: skip
    sql = " union all ".join(f"select {column} as day from staging.{name}" for name, column in columns.items())
    assert staged(project, rows, sql, timezone="Europe/Berlin") == [{"day": "2024-02-02"}] * len(columns)


@pytest.mark.parametrize("name", ["a repair", "z repair"])
def test_a_repaired_line_ranks_as_a_line_of_the_delivery_it_repairs(project: Project, name: str) -> None:
    day = "2024-02-01"
    rows = Rows()
    for source in ("orders", "customers", "spend"):
        file = rows.deliver(source, day, name=f"{source}: file")
        rows.deliver(source, day, name=f"{source}: {name}", repairs=file)
    rows.order("cancelled last", "anna", day, 10, delivery="orders: file")
    rows.order("cancelled last", "anna", day, 10, status="cancelled", delivery=f"orders: {name}")
    rows.order("paid last", "anna", day, 10, status="cancelled", delivery=f"orders: {name}")
    rows.order("paid last", "anna", day, 10, delivery="orders: file")
    for customer, first, second in (("anna", "file", name), ("ben", name, "file")):
        rows.customer(customer, day, delivery=f"customers: {first}", tier="first")
        rows.customer(customer, day, delivery=f"customers: {second}", tier="second")
    rows.spend(day, "acquisition", 302, delivery="spend: file")
    rows.spend(day, "acquisition", 7, delivery=f"spend: {name}")
    sql = (
        "select order_id as key, status as says, delivery_id like '%repair' as is_repair from staging.stg_orders"
        " union all select customer_id, segment_key, null from staging.stg_customer_attributes"
        " union all select kind, cast(amount as varchar), delivery_id like '%repair' from staging.stg_spend"
        " order by all"
    )
    assert staged(project, rows, sql) == [
        {"key": "acquisition", "says": "309.0000", "is_repair": False},
        {"key": "anna", "says": "second", "is_repair": None},
        {"key": "ben", "says": "second", "is_repair": None},
        {"key": "cancelled last", "says": "cancelled", "is_repair": True},
        {"key": "paid last", "says": "paid", "is_repair": False},
    ]
