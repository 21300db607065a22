"""Online Retail against totals made from the raw file in several ways: the search names the way, exactly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from duckdb import DuckDBPyConnection

from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.reconciliation import reconcile
from retention_pipeline.metrics.reconciliation_parts import AMOUNTS
from tests.oracle import real_data
from tests.oracle.running import published, run

LINES = real_data.DATA / "online_retail" / "order_lines.parquet"
RETURNS = """case when left(invoice_no, 1) in ('C', 'A') then cast(sum(cast(unit_price as decimal(18, 4)) * quantity)
        as decimal(18, 4)) else """
"""The example counts what a credit note takes back as 0; here it is what it is, still no purchase."""

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not LINES.exists(), reason=real_data.ABSENT),
]


def invoices() -> pd.DataFrame:
    """One row per invoice, money in tenths of a penny: exact, no price has more decimals."""
    lines = duckdb.read_parquet(str(LINES)).df()
    lines["money"] = (lines["unit_price"] * 1000).round().astype("int64") * lines["quantity"]
    lines["sold"] = lines["money"].where((lines["quantity"] > 0) & (lines["unit_price"] > 0), 0)
    grouped = lines.groupby("invoice_no")
    found = grouped.agg(at=("invoice_ts", "min"), customer=("customer_id", "max"), money=("money", "sum"),
                        sold=("sold", "sum")).reset_index()  # fmt: skip
    found["month"] = found["at"].dt.to_period("M").dt.start_time
    found["is_sale"] = ~found["invoice_no"].str[0].isin(["C", "A"])
    return found


def by_month(values: pd.Series, months: pd.Series) -> dict[dt.date, int]:
    """Sums by first day of the month."""
    return {pd.Timestamp(str(month)).date(): int(total) for month, total in values.groupby(months).sum().items()}


def conventions() -> dict[str, dict[dt.date, int]]:
    """What four bookkeepers make of the same file."""
    found = invoices()
    sales = found[found["is_sale"]]
    known = sales[sales["customer"].notna()]
    return {
        "all invoices": by_month(found["month"].notna().astype("int64") * 1000, found["month"]),
        "all lines": by_month(found["money"], found["month"]),
        "all sales": by_month(sales["sold"], sales["month"]),
        "sales to known customers": by_month(known["sold"], known["month"]),
    }


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("controlled")
    home = folder / "home"
    run(configuration(folder), home)
    with published(home) as opened:
        yield opened


def configuration(folder: Path) -> Path:
    """The example with control totals beside it."""
    text = real_data.example("online_retail").read_text(encoding="utf-8")
    text = text.replace("../../shared/data/online_retail/order_lines.parquet", str(LINES))
    begin = "        cast(\n            coalesce(\n                sum(cast(unit_price"
    end = "as decimal(18, 4)\n        ) as amount"
    assert text.count(begin) == text.count(end) == 1
    text = text.replace(begin, f"        {RETURNS}{begin.strip()}").replace(
        end, end.replace(" as amount", " end as amount")
    )
    assert "[sources.customers]" in text
    totals = conventions()
    measured = {
        "orders": totals["all invoices"], "revenue_gross": totals["all lines"], "revenue_net": totals["all sales"],
        "refunds": dict.fromkeys(totals["all sales"], 0),
    }  # fmt: skip
    rows = [
        f"month,{month},{measure},{value / 1000:.3f}" for measure, of in measured.items() for month, value in of.items()
    ]
    header = "grain,period_start,measure,value"
    (folder / "totals.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    path = folder / "retention.toml"
    path.write_text(text + '\n[sources.control_totals]\npath = "totals.csv"\n', encoding="utf-8")
    return path


def explained(rows: list[tuple[Any, ...]]) -> dict[str, tuple[str, str, float]]:
    return {measure: (causes, chosen_by, float(left)) for measure, causes, chosen_by, left in rows}


def test_the_search_names_what_each_bookkeeper_counts_and_nothing_remains(connection: DuckDBPyConnection) -> None:
    found = connection.execute(
        "select measure, explained_by, chosen_by, sum(abs(remainder)) from reconciliation group by all"
    ).fetchall()
    assert explained(found) == {
        "orders": ("no_customer, status_cancelled, status_void, non_positive_amount", "search", 0.0),
        "revenue_gross": ("no_customer, status_cancelled, status_void", "search", 0.0),
        "revenue_net": ("no_customer", "search", 0.0),
        "refunds": ("nothing", "search", 0.0),
    }


def test_there_is_a_total_for_each_month_of_which_the_last_is_open(connection: DuckDBPyConnection) -> None:
    rows = connection.execute(
        "select status, count(*), sum(control) from reconciliation where measure = 'revenue_gross' group by all"
    ).fetchall()
    assert {status: count for status, count, _ in rows} == {"final": 12}


def test_totals_of_known_customers_alone_are_the_published_ones(connection: DuckDBPyConnection) -> None:
    texts = ", ".join(f"cast({name} as varchar) as {name}" for name in ("control_value", *AMOUNTS))
    parts = connection.execute(
        f"select * replace ({texts}) from fct_control_total where measure = 'revenue_gross'"
    ).df()
    totals = conventions()["sales to known customers"]
    parts["control_value"] = [f"{totals[pd.Timestamp(start).date()] / 1000:.4f}" for start in parts["period_start"]]
    context = MetricContext(as_of=dt.date(2011, 12, 9), data_through={}, currency="GBP")
    found = reconcile(parts, context)
    assert set(found["explained_by"]) == {"nothing"}
    assert set(found["remainder"].astype("float64")) == {0.0}
