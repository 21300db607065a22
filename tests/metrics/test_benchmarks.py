"""Benchmarks beside the shop's own values."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from retention_pipeline.metrics.benchmarks import BENCHMARK_COMPARISON, compare, unknown_metrics
from tests.metrics.factories import MONTHS, cell, cohort_facts, compute, period_facts


def benchmark(metric: str, value: float, *, variant: str = "standard", **changes: Any) -> dict[str, Any]:
    values = {"segment_set": "all", "segment_key": "all", "source": "trade press"}
    return {"metric": metric, "variant": variant, "value": value, **values, **changes}


def own_rows() -> pd.DataFrame:
    return compute("customer_retention", {"fct_period": period_facts()})


def against(*benchmarks: dict[str, Any], rows: pd.DataFrame | None = None) -> pd.DataFrame:
    return compare(own_rows() if rows is None else rows, pd.DataFrame(benchmarks))


@pytest.mark.parametrize(("distance", "verdict"), [(-1.0, "above"), (0.0, "within_interval"), (1.0, "below")])
def test_the_verdict_asks_whether_the_interval_holds_the_benchmark(distance: float, verdict: str) -> None:
    own = cell(
        own_rows(), "customer_retention_rate.set_based", basis="calendar", segment_key="all",
        period_start=pd.Timestamp(MONTHS[4]),
    )  # fmt: skip
    compared = against(benchmark("customer_retention_rate", own["value"] + distance, variant="set_based"))
    row = compared[compared["basis"] == "calendar"].iloc[0]
    assert (row["verdict"], row["gap"]) == (verdict, pytest.approx(-distance))
    assert (row["value"], row["ci_low"], row["ci_high"]) == (own["value"], own["ci_low"], own["ci_high"])


def test_each_basis_and_grain_is_compared_by_its_latest_final_period() -> None:
    compared = against(benchmark("customer_churn_rate", 0.5, variant="all_leavers"))
    assert sorted(compared["basis"]) == ["calendar", "purchase_window", "subscription"]
    # June has not been delivered to its end
    assert set(compared["period_start"]) == {pd.Timestamp(MONTHS[4])}
    assert set(compared["period_end"]) == {pd.Timestamp(MONTHS[5])}


def test_without_an_interval_every_gap_counts() -> None:
    own = cell(
        own_rows(), "customers.end", basis="calendar", segment_key="all", period_start=pd.Timestamp(MONTHS[4])
    )  # fmt: skip
    benchmarks = [
        benchmark("customers", own["value"] + more, variant="end", source=str(more)) for more in (-0.5, 0, 0.5)
    ]
    compared = against(*benchmarks).query("basis == 'calendar'")
    assert dict(zip(compared["source"], compared["verdict"], strict=True)) == {
        "-0.5": "above", "0": "within_interval", "0.5": "below",
    }  # fmt: skip


def test_a_segment_is_compared_with_a_benchmark_for_it_alone() -> None:
    compared = against(
        benchmark("customers", 3, variant="end", segment_set="country", segment_key="country 1"),
        benchmark("customers", 3, variant="end", segment_set="country", segment_key="country 9"),
    )
    assert set(compared["segment_key"]) == {"country 1"}


def test_cells_of_cohorts_are_not_compared() -> None:
    rows = compute("cohort_retention", {"fct_cohort_period": cohort_facts()})
    compared = against(benchmark("cohort_retention", 0.2, variant="on"), rows=rows)
    assert compared.empty
    assert list(compared.columns) == list(BENCHMARK_COMPARISON.column_names)


def test_names_that_no_metric_has_are_listed_once() -> None:
    benchmarks = pd.DataFrame([
        benchmark("customers", 3, variant="end"),
        benchmark("churn", 0.2),
        benchmark("churn", 0.3, source="somebody else"),
        benchmark("customers", 3, variant="total"),
    ])  # fmt: skip
    assert unknown_metrics(benchmarks) == ("churn.standard", "customers.total")
    assert set(compare(own_rows(), benchmarks)["variant"]) == {"end"}


def test_the_table_has_exactly_the_columns_it_declares_and_its_key_is_one() -> None:
    compared = against(benchmark("customers", 3, variant="end"), benchmark("customers", 4, variant="start"))
    assert list(compared.columns) == list(BENCHMARK_COMPARISON.column_names)
    assert not compared.duplicated(list(BENCHMARK_COMPARISON.key)).any()
