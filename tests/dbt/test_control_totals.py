"""Totals of the shop's own books beside the published figures: which orders a total may hold, counted in which way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt.support import Project, Rows

BERLIN = "Europe/Berlin"
MEASURES = ("orders", "revenue_gross", "refunds", "revenue_net")


@pytest.fixture(scope="module")
def shop(project: Project) -> duckdb.DuckDBPyConnection:
    """January and February 2024 in Berlin; the last hour of January is February's in the shop and January's in UTC."""
    rows = Rows()
    rows.rate("USD", "2024-01-01", "0.5")
    rows.deliver("fx_rates", "2024-01-01")
    rows.order("first", "c1", "2024-01-10", 100, refund=30, refunded="2024-02-05", status="refunded")
    rows.order("midnight", "c1", "2024-01-31 23:30:00", 7, known="2024-02-01")
    rows.order("guest", None, "2024-01-11", 20)
    rows.order("dollars", "c2", "2024-01-03", 50, currency="USD")
    rows.order("pounds", "c2", "2024-01-04", 9, currency="GBP")
    rows.order("void", "c2", "2024-01-12", 40, status="cancelled")
    rows.order("free", "c2", "2024-01-13", 0)
    rows.set_aside("2024-01-15", order_id="lost", amount="11.50", ordered_at="2024-01-14T10:00:00")
    rows.set_aside("2024-02-15", order_id="unread", amount="a lot", ordered_at="2024-02-14T10:00:00+01:00")
    rows.set_aside("2024-02-16", order_id="first", amount="?", ordered_at="2024-01-10T10:00:00")
    for month in ("2024-01-01", "2024-02-01"):
        for measure in MEASURES:
            rows.control_total(month, measure, 1000)
    rows.control_total("2023-01-01", "orders", 1000)
    notation = {"decimal": ".", "thousands": "", "timezone": BERLIN, "is_iso": True}
    return project.build(rows, timezone=BERLIN, select=("+fct_control_total", "+fct_period"), order_notation=notation)


def parts(shop: duckdb.DuckDBPyConnection, month: str, measure: str, column: str = "amount") -> dict[str, Any]:
    found = shop.execute(
        f"select component, {column} from marts.fct_control_total where period_start = ? and measure = ?",
        [month, measure],
    ).fetchall()
    return dict(found)


def test_every_order_is_in_one_group(shop: duckdb.DuckDBPyConnection) -> None:
    assert parts(shop, "2024-01-01", "orders") == {
        "published": 2, "no_customer": 1, "status_cancelled": 1, "non_positive_amount": 1, "no_fx_rate": 1,
        "quarantine": 1,
    }  # fmt: skip


def test_money_without_a_rate_is_unknown_until_it_is_added_up_unconverted(shop: duckdb.DuckDBPyConnection) -> None:
    assert parts(shop, "2024-01-01", "revenue_gross") == {
        "published": 125, "no_customer": 20, "status_cancelled": 40, "non_positive_amount": 0, "no_fx_rate": None,
        "quarantine": Decimal("11.5"),
    }  # fmt: skip
    nominal = parts(shop, "2024-01-01", "revenue_gross", "amount_nominal")
    assert (nominal["published"], nominal["no_fx_rate"]) == (150, 9)


def test_the_last_hour_of_a_month_belongs_to_another_month_in_utc(shop: duckdb.DuckDBPyConnection) -> None:
    for month, own, utc in (("2024-01-01", 125, 132), ("2024-02-01", 7, 0)):
        assert parts(shop, month, "revenue_gross")["published"] == own
        assert parts(shop, month, "revenue_gross", "amount_utc")["published"] == utc


def test_refunds_stand_on_the_day_of_their_order_or_on_their_own(shop: duckdb.DuckDBPyConnection) -> None:
    for month, by_order, by_refund in (("2024-01-01", 30, 0), ("2024-02-01", 0, 30)):
        gross = parts(shop, month, "revenue_gross")["published"]
        for column, refunds in (("amount", by_order), ("amount_by_refund_date", by_refund)):
            assert parts(shop, month, "refunds", column)["published"] == refunds
            assert parts(shop, month, "revenue_net", column)["published"] == gross - refunds


def test_a_record_that_was_set_aside_counts_and_its_amount_where_it_can_be_read(
    shop: duckdb.DuckDBPyConnection,
) -> None:
    assert parts(shop, "2024-02-01", "orders")["quarantine"] == 1, "first came again and is not missing"
    assert parts(shop, "2024-02-01", "revenue_gross")["quarantine"] is None
    assert parts(shop, "2024-02-01", "revenue_gross", "unreadable_count")["quarantine"] == 1


def test_the_published_part_is_what_the_facts_say(shop: duckdb.DuckDBPyConnection) -> None:
    facts = shop.execute(
        "select period_start, orders_count, revenue_gross, refunds_by_order_date, revenue_net from marts.fct_period"
        " where basis = 'calendar' and grain = 'month' and segment_set = 'all' and period_start < '2024-03-01'"
    ).fetchall()
    assert len(facts) == 2
    for month, *values in facts:
        for measure, value in zip(MEASURES, values, strict=True):
            assert parts(shop, month, measure)["published"] == value


def test_a_total_of_no_period_is_left_out(shop: duckdb.DuckDBPyConnection) -> None:
    assert parts(shop, "2023-01-01", "orders") == {}


def test_utc_days_are_unknown_until_the_shop_has_delivered_their_last_hour(project: Project) -> None:
    rows = Rows()
    rows.order("a", "c", "2024-01-10", 10)
    rows.control_total("2024-01-01", "orders", 1)
    for through, zone, is_known in (
        ("2024-01-31", BERLIN, False), ("2024-02-01", BERLIN, True), ("2024-01-31", "America/New_York", True),
    ):  # fmt: skip
        built = project.build(rows, select=("+fct_control_total",), timezone=zone, data_through=through)
        found = built.execute("select distinct is_complete, amount_utc is not null from marts.fct_control_total")
        assert found.fetchall() == [(True, is_known)]


@pytest.mark.parametrize(
    ("notation", "text", "amount"),
    [
        ({"decimal": ",", "thousands": "."}, "1.234,50", "1234.5"),
        ({"decimal": ",", "thousands": ""}, "1234,50", "1234.5"),
        ({"decimal": ",", "thousands": ""}, "1234.50", None),
        ({"decimal": ".", "thousands": ","}, "1,234.50", "1234.5"),
        ({"decimal": ".", "thousands": ""}, "12,50", None),
        ({"decimal": ".", "thousands": ""}, "n/a", None),
    ],
)
def test_amounts_are_read_as_the_shop_writes_them(
    project: Project, notation: dict[str, str], text: str, amount: str | None
) -> None:
    rows = Rows()
    rows.set_aside("2024-01-15", column="ordered_at", order_id="x", amount=text, ordered_at="2099-01-01")
    built = project.build(
        rows, select=("+stg_quarantined_orders",), order_notation={**notation, "timezone": "UTC", "is_iso": True}
    )
    found = built.execute("select amount, order_date::varchar from staging.stg_quarantined_orders").fetchall()
    assert found == [(None if amount is None else Decimal(amount), "2024-01-15")]


def test_a_record_is_no_longer_lost_while_a_repair_of_it_counts(project: Project) -> None:
    for is_current, lost in ((True, 0), (False, 1)):
        rows = Rows()
        rows.order("a", "c", "2024-01-10", 10)
        repaired = rows.deliver("orders", "2024-01-15")
        repair = rows.deliver("orders", "2024-01-15", name="repair", is_current=is_current, repairs=repaired)
        rows.order("b", "c", "2024-01-15", 5, delivery=repair)
        rows.set_aside("2024-01-15", column="order_id", reason="missing_order_id", amount="5")
        rows.tables["quarantine"][0]["resolved_by"] = repair
        built = project.build(rows, select=("+stg_quarantined_orders",))
        ((count,),) = built.execute("select count(*) from staging.stg_quarantined_orders").fetchall()
        assert count == lost
