"""Published intervals contain the truth: the whole pipeline on thousands of simulated small shops in one run.

The large version is marked ``slow``; its table stands in ``docs/correctness.md``.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests.correctness.coverage import as_markdown, published_coverage
from tests.correctness.process import LAST
from tests.correctness.runs import run
from tests.correctness.simulated_shop import write_replicates
from tests.correctness.test_interval_limits import MONEY_KEPT
from tests.correctness.truths import truths

TOLERANCE = 0.015
SIGMAS = 4.0
"""What a small run may deviate: so many standard errors of the measured share beside the tolerance."""
EXPECTED = {
    ("revenue_retention.gross", "subscription"): MONEY_KEPT[63],
    ("revenue_retention.net", "subscription"): MONEY_KEPT[63],
}
"""Where less than 95 % is right: 63 subscribers per replicate are few for the delta method."""


def measure(folder: Path, replicates: int, customers: int, simulated: int) -> pd.DataFrame:
    """Coverage of every metric with an interval; also written to ``COVERAGE_TABLE``, if that is set."""
    published = run(write_replicates(folder / "shop", replicates, customers), LAST)
    with duckdb.connect(str(published.database), read_only=True) as connection:
        table = published_coverage(connection, truths(simulated))
    if path := os.environ.get("COVERAGE_TABLE"):
        Path(path).write_text(as_markdown(table) + "\n", encoding="utf-8")
    return table


def off(table: pd.DataFrame, allowed: pd.Series) -> list[str]:
    expected = pd.Series([EXPECTED.get(key, 0.95) for key in zip(table["name"], table["basis"], strict=True)])
    wrong = table[(table["coverage"] - expected).abs() > allowed]
    return [f"{row['name']} {row['basis']}: {row['coverage']:.4f}" for _, row in wrong.iterrows()]


@pytest.mark.long
def test_300_replicates_are_covered_within_the_error_of_counting(tmp_path: Path) -> None:
    table = measure(tmp_path, replicates=304, customers=120, simulated=60_000)
    assert len(table) >= 50
    assert (table["replicates"] >= 150).all()
    assert off(table, TOLERANCE + SIGMAS * table["error"].clip(lower=0.01)) == []


@pytest.mark.slow
def test_2000_replicates_are_covered_at_95_percent(tmp_path: Path) -> None:
    table = measure(tmp_path, replicates=2000, customers=300, simulated=1_000_000)
    assert len(table) >= 50
    assert off(table, pd.Series(TOLERANCE, index=table.index)) == []
