"""A published version of a made-up shop, small enough to know every value by heart."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb

from retention_pipeline.core.periods import period_end
from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.metrics.catalog import catalog_frame
from tests.report.small_extras import add_extras, extra_rows

MONTHS = tuple(dt.date(2024, month, 1) for month in range(1, 7))
AS_OF = dt.date(2024, 6, 10)
HOSTILE = "<script>alert('$a$')</script>&\"\x1b\nSüd 客户"
HOSTILE_SMALL = "<img src=x onerror=alert(1)>"
_DEFAULTS: dict[str, Any] = {
    "variant": "standard", "definition_version": 1, "basis": "calendar", "grain": "month", "calendar": "gregorian",
    "cohort_start": None, "cohort_age": None, "segment_set": "all", "segment_key": "all", "currency": None,
    "numerator": None, "denominator": None, "value": None, "unit": "fraction", "n": 100, "ci_low": None,
    "ci_high": None, "ci_method": None, "assumptions": None, "is_additive": False, "as_of": AS_OF,
    "data_through": AS_OF,
}  # fmt: skip


def small_version(
    *, feedback: bool = True, segments: bool = True, is_open: bool = True, extras: bool = True
) -> duckdb.DuckDBPyConnection:
    """Six months, the last of them open unless told otherwise, with the columns of the published tables.

    Without ``extras`` it is a version of a shop with orders, customers and feedback alone, published before there were
    tables beside the metric rows.
    """
    con = duckdb.connect()
    names = ", ".join(f"{column.name} {column.type}" for column in METRIC_VALUES.columns)
    con.execute(f"create table metric_values ({names})")
    con.execute(
        "create table dim_period (grain varchar, period_start date, label varchar, is_complete boolean,"
        " is_final boolean)"
    )
    con.execute("create table _versions (version varchar, as_of date)")
    con.execute("create table _freshness (source varchar, data_through date)")
    catalog = catalog_frame()[["metric", "variant", "meaning", "unit"]]
    con.execute("create table _metric_catalog as select * from catalog where catalog.metric is not null")
    assert len(catalog) > 0
    con.execute("insert into _versions values ('v000001', '2024-06-09'), ('v000002', ?)", [AS_OF])
    con.executemany(
        "insert into _freshness values (?, ?)", [["orders", AS_OF], *([["feedback", AS_OF]] if feedback else [])]
    )
    for month in MONTHS:
        complete = month < MONTHS[-1] or not is_open
        period = [month, f"{month:%Y-%m}", complete, complete]
        con.execute("insert into dim_period values ('month', ?, ?, ?, ?)", period)
    if extras:
        add_extras(con, AS_OF)
    for row in _rows(feedback, segments, is_open, extras):
        values = [row[name] for name in METRIC_VALUES.column_names]
        con.execute(f"insert into metric_values values ({', '.join('?' * len(values))})", values)
    return con


def _rows(feedback: bool, segments: bool, is_open: bool, extras: bool) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []

    def add(metric: str, month: dt.date, **given: Any) -> None:
        status = "provisional" if is_open and month == MONTHS[-1] else "final"
        row = {"metric": metric, "period_start": month, "period_end": period_end(month, "month"), "status": status}
        rows.append({**_DEFAULTS, **row, **given})

    for metric, start, given in extra_rows(MONTHS) if extras else ():
        add(metric, start, **given)
    for place, month in enumerate(MONTHS):
        rate = 0.7 + place / 100
        retention = {"variant": "set_based", "basis": "purchase_window"}
        add("customer_retention_rate", month, **retention, value=rate, ci_low=rate - 0.05, ci_high=rate + 0.05)
        for part in ("new", "expansion", "reactivation", "contraction", "churn"):
            add("revenue_bridge", month, variant=part, value=1000.0, currency="EUR")
        if feedback:
            nps = {"basis": "scale_0_10", "value": 0.2, "ci_low": 0.1, "ci_high": 0.3}
            add("net_promoter_score", month, **nps)
        for key, value, status in (
            (HOSTILE, 0.6, "final"),
            ("DE", 0.8, "final"),
            (HOSTILE_SMALL, None, "suppressed"),
            ("FR", None, "undefined"),
        ):
            segment = {"segment_set": "country", "segment_key": key, "value": value, "status": status}
            if segments:
                add("customer_retention_rate", month, **retention, **segment, ci_low=0.5, ci_high=0.9)
        for age in range(place + 1):
            cohort = {"cohort_start": MONTHS[place - age], "cohort_age": age}
            add("cohort_retention", month, variant="on", **cohort, value=1.0 if age == 0 else 0.31)
            add("cohort_value_to_date", month, variant="net", **cohort, value=50.0 + age, currency="EUR")
    return rows
