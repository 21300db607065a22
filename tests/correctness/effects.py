"""What the relations do to published columns, as SQL.

Belongs here: which columns are money, dates, ids. Not here: the changes of the files (``relations``).
"""

from __future__ import annotations

import re

from retention_pipeline.metrics.reconciliation import RECONCILIATION
from retention_pipeline.metrics.reconciliation_parts import AMOUNTS
from retention_pipeline.metrics.registry import REGISTRY
from tests.correctness.relations import CYCLE_DAYS, FACTOR

NO_MONEY = frozenset(
    {
        "scale_min", "scale_max", "score_sum", "score_sq", "top_count", "typical_gap_days", "expected_gap_days",
        "numerator", "denominator", "x_sum", "x_sq", "x_y", "y_sum", "y_sq",
    }
)  # fmt: skip
"""Columns of decimals that are no money, or money in some rows only."""
SQUARES = re.compile(r"_sq$|^retained_(gross|net)_x_previous$|^top_x_existing$")
MONEY_EVIDENCE = "('tenure_and_revenue', 'order_value_steps')"
MONEY_DENOMINATORS = (
    "('revenue_retention', 'revenue_churn', 'quick_ratio', 'revenue_share', 'order_value_uplift', 'margin_rate',"
    " 'cohort_revenue_retention', 'revenue_concentration', 'acquisition_to_retention_cost', 'ltv_to_cac')"
)
"""Metrics that divide money by money."""


CONTROL_MONEY = frozenset({"control_value", *AMOUNTS}) | {
    column.name for column in RECONCILIATION.columns if column.type.startswith("DECIMAL")
}
MONEY_COLUMNS = frozenset(
    f"{definition.column}{end}"
    for definition in REGISTRY
    if definition.unit == "money"
    for end in ("", "__low", "__high")
)
"""Columns of the wide tables that hold money."""


def scaled_money(table: str, column: str, kind: str) -> str:
    """The value after all money was multiplied by ``FACTOR``."""
    times = f"{column} * {FACTOR}"
    condition = _money_rows(table, column)
    if condition is not None:
        power = FACTOR**2 if column == "y_sq" else FACTOR
        return f"case when {condition} then {column} * {power} else {column} end"
    if kind == "DOUBLE":
        return times if column in MONEY_COLUMNS else column
    if kind.startswith("DECIMAL") and column not in NO_MONEY:
        return f"{times} * {FACTOR}" if SQUARES.search(column) else times
    return column


def _money_rows(table: str, column: str) -> str | None:
    """Which rows of a column hold money, where not all do."""
    if table == "fct_claim_evidence" and column in {"y_sum", "x_y", "y_sq"}:
        return f"evidence in {MONEY_EVIDENCE}"
    if column in {"numerator", "denominator"}:
        of_money = f"metric in {MONEY_DENOMINATORS}"
        return of_money if column == "denominator" else f"unit = 'money' or {of_money}"
    if column in {"value", "ci_low", "ci_high"} and table in {"metric_values", "claims"}:
        return "unit = 'money'"
    if table in {"fct_control_total", "reconciliation"} and column in CONTROL_MONEY:
        return "measure <> 'orders'"
    if table == "benchmark_comparison" and column in {"value", "ci_low", "ci_high", "benchmark", "gap"}:
        return "metric = 'average_order_value'"
    return None


def shifted_dates(table: str, column: str, kind: str) -> str:
    """The value after every date moved by ``CYCLE_DAYS``; the ends of time stay, names of periods are rewritten."""
    if kind == "DATE":
        ends = "(date '0001-01-01', date '9999-12-31')"
        return f"case when {column} in {ends} then {column} else {column} + {CYCLE_DAYS} end"
    if table == "dim_period" and column == "label":
        return f"replace({column}, left({column}, 4), cast(cast(left({column}, 4) as integer) - 28 as varchar))"
    return column


def renamed_customers(table: str, column: str, kind: str) -> str:
    """The value after customers got other ids; needs the table ``ids``."""
    return f"(select new_id from ids where old_id = {column})" if column == "customer_id" else column
