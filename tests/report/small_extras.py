"""What the small version holds besides months: waiting times, groups, scores, claims, benchmarks, costs, service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from retention_pipeline.core.tables import Table
from retention_pipeline.metrics.benchmarks import BENCHMARK_COMPARISON
from retention_pipeline.metrics.claims import CLAIMS
from retention_pipeline.metrics.order_gap_survival import ORDER_GAP_SURVIVAL
from retention_pipeline.metrics.reconciliation import RECONCILIATION

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SOURCES = ("benchmarks", "control_totals", "spend", "tickets")
QUARTER, YEAR = dt.date(2024, 1, 1), dt.date(2023, 1, 1)
HOSTILE_SOURCE = "<svg onload=alert(1)>"
BOUGHT, MOVED = {"champions": 0.3, "at_risk": 0.5, "lost": None}, {
    ("champions", "champions"): 40, ("champions", "at_risk"): 30, ("champions", "lost"): 3,
    ("at_risk", "at_risk"): 50, ("at_risk", "lost"): 50, ("(no orders)", "champions"): 2,
}  # fmt: skip
AT_RISK = {"overdue": (12, True), "unhappy": (3, True), "overdue_for_the_shop": (7, True), "lapsed": (31, False)}
CLAIM: dict[str, Any] = {"source": "A1", "estimator": "counted", "unit": "fraction", "n": 90, "caveat": "Small shop."}
BOOKS: dict[str, Any] = {
    "control": 1150, "published": 1000, "difference": 150, "no_customer": 120, "excluded_status": 40,
    "non_positive_amount": 0, "no_fx_rate": None, "quarantine": 9, "time_basis": -20, "refund_basis": 0,
    "currency_basis": 3, "explained_by": "no_customer, status_cancelled, time_basis", "chosen_by": "search",
    "remainder": 10, "remainder_share": 10 / 1150, "unreadable_count": 2,
}  # fmt: skip
MEASURED = {
    "b_for": ("supported", 0.7, 0.6, 0.8), "c_against": ("contradicted", 0.1, 0.05, 0.2),
    "a_open": ("insufficient", 0.4, 0.2, 0.6), "d_none": ("not_computable", None, None, None),
}  # fmt: skip


def add_extras(con: DuckDBPyConnection, as_of: dt.date) -> None:
    """Create the tables and fill them."""
    con.execute("insert into dim_period values ('quarter', ?, '2024-Q1', true, true)", [QUARTER])
    con.execute("insert into dim_period values ('year', ?, '2023', true, true)", [YEAR])
    con.executemany("insert into _freshness values (?, ?)", [[source, as_of] for source in SOURCES])
    for segment_set, key, pace in (("all", "all", 0.8), ("order_number", "1", 0.9), ("order_number", "2", 0.7)):
        for step in range(1, 11):
            curve = {"calendar": "gregorian", "segment_set": segment_set, "segment_key": key, "gap_days": 30 * step}
            waiting = pace**step
            band = {"survival": waiting, "ci_low": waiting * 0.9, "ci_high": min(waiting * 1.1, 1)}
            _insert(con, ORDER_GAP_SURVIVAL, {**curve, **band, "at_risk": 200, "followed": 1, "censored": 1})
    con.execute("create table fct_rfm_transition (grain text, period_start date, from_group text, to_group text, "
                "customers_count bigint)")  # fmt: skip
    for (start, end), count in MOVED.items():
        con.execute("insert into fct_rfm_transition values ('quarter', ?, ?, ?, ?)", [QUARTER, start, end, count])
    con.execute("create table customer_scores (customer_id text, at_risk_reason text, is_at_risk boolean, "
                "value_at_stake decimal(18, 4))")  # fmt: skip
    for reason, (count, is_at_risk) in AT_RISK.items():
        con.execute(
            "insert into customer_scores select 'secret' || i, ?, ?, ? from range(?) t(i)",
            [reason, is_at_risk, 100 if is_at_risk else 0, count],
        )
    con.execute("insert into customer_scores values ('secret', null, false, 0)")
    for claim, (verdict, value, low, high) in MEASURED.items():
        found = {"claim": claim, "verdict": verdict, "value": value, "ci_low": low, "ci_high": high, "as_of": as_of}
        _insert(con, CLAIMS, {**CLAIM, **found, "statement": f"Claim {claim}.", "supported_when": "at least 0.65"})
    compared = {"metric": "customer_retention_rate", "variant": "set_based", "basis": "purchase_window"}
    where = {"grain": "month", "period_start": dt.date(2024, 5, 1), "period_end": dt.date(2024, 6, 1)}
    values = {"value": 0.74, "ci_low": 0.69, "ci_high": 0.79, "benchmark": 0.8, "gap": -0.06, "verdict": "below"}
    segment = {"segment_set": "all", "segment_key": "all", "source": HOSTILE_SOURCE}
    _insert(con, BENCHMARK_COMPARISON, {**compared, **where, **values, **segment})
    _insert(con, BENCHMARK_COMPARISON, {**compared, **where, **values, **segment, "grain": "week", "gap": -0.05})
    for month, measure, status in (
        (dt.date(2024, 4, 1), "orders", "final"), (dt.date(2024, 3, 1), "revenue_gross", "final"),
        (dt.date(2024, 5, 1), "revenue_gross", "final"), (dt.date(2024, 6, 1), "revenue_gross", "provisional"),
    ):  # fmt: skip
        total = {"measure": measure, "grain": "month", "calendar": "gregorian", "period_start": month}
        _insert(con, RECONCILIATION, {**total, "period_end": month, **BOOKS, "status": status})


def extra_rows(months: tuple[dt.date, ...]) -> Iterator[tuple[str, dt.date, dict[str, Any]]]:
    """Metric, start and what differs from a plain row of a month."""
    window = {"basis": "purchase_window"}
    for month in months:
        yield (
            "customer_retention_rate",
            month,
            {**window, "variant": "set_based", "basis": "subscription", "value": 0.9},
        )
        for metric in ("customer_acquisition_cost", "retention_cost_per_customer"):
            yield metric, month, {**window, "value": 12.5, "unit": "money"}
        for variant, hours in (("p50", 4.0), ("p90", 30.0)):
            yield "first_response_time", month, {"variant": variant, "value": hours, "unit": "hours"}
        yield "sla_met_rate", month, {"value": 0.9, "ci_low": 0.8, "ci_high": 0.95}
        yield "tickets_per_customer", month, {**window, "value": 0.07}
    for variant in ("revenue", "margin"):
        yield "ltv_to_cac", YEAR, {**window, "grain": "year", "variant": variant, "value": 3.2, "status": "final"}
    worth = {**window, "grain": "year", "currency": "EUR", "assumptions": "horizon=5y; discount=none; margin=revenue"}
    yield "clv", YEAR, {**worth, "variant": "lifespan_revenue", "value": 600.0, "ci_low": 500.0, "ci_high": 700.0}
    yield "clv", YEAR, {**worth, "variant": "margin", "status": "source_absent"}
    for key, share in BOUGHT.items():
        group = {"grain": "quarter", "segment_set": "rfm", "segment_key": key, "value": share}
        status = {"status": "suppressed" if share is None else "final"}
        yield "rfm_group_share", QUARTER, {**group, **status, "ci_low": share and share - 0.1}
    for segment_set, key, days in (("all", "all", 90.0), ("order_number", "1", None), ("order_number", "2", 60.0)):
        whole = {"grain": "all", "variant": "median", "unit": "days", "value": days}
        status = {"status": "immature" if days is None else "provisional"}
        yield "time_between_orders", QUARTER, {**whole, "segment_set": segment_set, "segment_key": key, **status}


def _insert(con: DuckDBPyConnection, table: Table, row: dict[str, Any]) -> None:
    names = ", ".join(f"{column.name} {column.type}" for column in table.columns)
    con.execute(f"create table if not exists {table.name} ({names})")
    values = [row.get(name) for name in table.column_names]
    con.execute(f"insert into {table.name} values ({', '.join('?' * len(values))})", values)
