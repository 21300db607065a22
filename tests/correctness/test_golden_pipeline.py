"""The golden values of the metric definitions (sections 4, 7, 8, 10), from files to the published version.

One shop; each example is a value of the segment ``example``. Numbers on the right-hand sides are those of the guides.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pytest

from tests.correctness.runs import run

TOML = """
[shop]
name = "Golden"
timezone = "Europe/Vilnius"
currency = "EUR"
activity_window_days = 100
grains = ["year"]
segments = ["example"]
derived_segments = []
channel_segment = "example"
min_cell_size = 1
lifespan_horizon_years = 3

[sources.orders]
path = "orders.csv"
complete_through = 2023-12-31

[sources.customers]
path = "customers.csv"

[sources.feedback]
path = "feedback.csv"
complete_through = 2023-12-31

[sources.spend]
path = "spend.csv"
complete_through = 2023-12-31
"""
BEFORE, LATE, EARLY = "2022-12-01", "2023-12-01", "2023-01-15"
QUARTERS = ("02-10", "05-10", "08-10", "11-10")
Row = tuple[str, str, str, str]
"""Example, customer, day, cost of goods (blank: not known)."""


def buyers(example: str, group: str, count: int, *days: str, cost: str = "40") -> Iterator[Row]:
    for number in range(count):
        for day in days:
            yield example, f"{example} {group} {number}", day, cost


def flow(example: str, base: int, lost: int, new: int = 0, new_lost: int = 0, back: int = 0) -> Iterator[Row]:
    """Customers active when 2023 begins, those lost in it, new ones, new ones lost again, reactivated ones."""
    yield from buyers(example, "stays", base - lost, BEFORE, LATE)
    yield from buyers(example, "leaves", lost, BEFORE)
    yield from buyers(example, "new", new - new_lost, LATE)
    yield from buyers(example, "gone", new_lost, EARLY)
    yield from buyers(example, "back", back, "2022-01-05", LATE)


def orders() -> Iterator[Row]:
    yield from flow("first", base=150, lost=7, new=50)
    yield from flow("second", base=150, lost=3, new=50, new_lost=4)
    yield from flow("third", base=100, lost=5, new=10, back=12)
    yield from flow("none of five", base=5, lost=5)
    yield from flow("all of five", base=5, lost=0)
    yield from flow("one of three", base=3, lost=2)
    yield from buyers("next year", "stays", 143, BEFORE, *(f"2023-{day}" for day in QUARTERS))
    yield from buyers("next year", "leaves", 7, BEFORE, *(f"2023-0{month}-10" for month in range(1, 5)))
    years = [f"{year}-{day}" for year in (2020, 2021, 2022, 2023) for day in QUARTERS]
    yield from buyers("three years", "stays", 10, *years)
    yield from buyers("net of cost", "stays", 10, *years[4:], cost="")


def answers() -> Iterator[tuple[str, str, str]]:
    for example, groups in (("hundred", (50, 30, 20)), ("ten", (5, 3, 2))):
        for score, count in zip(("10", "8", "3"), groups, strict=True):
            yield from ((example, f"{example} {score} {number}", score) for number in range(count))


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    folder = tmp_path_factory.mktemp("golden")
    bought, said = list(orders()), list(answers())
    people = dict.fromkeys([(customer, example) for example, customer, *_ in (*bought, *said)])
    write(folder / "customers.csv", ("customer_id", "example"), people)
    write(
        folder / "orders.csv",
        ("order_id", "customer_id", "ordered_at", "amount", "cost_amount"),
        [(number, customer, f"{day}T12:00:00", "50", cost) for number, (_, customer, day, cost) in enumerate(bought)],
    )
    write(
        folder / "feedback.csv",
        ("feedback_id", "customer_id", "kind", "score", "submitted_at"),
        [(number, customer, "nps", score, "2023-06-01T12:00:00") for number, (_, customer, score) in enumerate(said)],
    )
    spend = [("2023-01-01", "acquisition", "net of cost", "500"), ("2023-01-01", "retention", "net of cost", "300")]
    write(folder / "spend.csv", ("spent_at", "kind", "channel", "amount"), spend)
    (folder / "retention.toml").write_text(TOML, encoding="utf-8")
    return duckdb.connect(str(run(folder / "retention.toml", dt.date(2023, 12, 31)).database), read_only=True)


def write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])


def cell(golden: duckdb.DuckDBPyConnection, name: str, example: str, basis: str = "purchase_window") -> list[float]:
    """Value and the two ends of its interval in 2023; NaN where there is none."""
    row = golden.execute(
        "select value, coalesce(ci_low, 'nan'), coalesce(ci_high, 'nan') from metric_values"
        " where metric || '.' || variant = ? and segment_key = ? and basis = ?"
        " and period_start = '2023-01-01' and status = 'final'",
        [name, example, basis],
    ).fetchall()
    assert len(row) == 1
    return [float(number) for number in row[0]]


def test_150_at_start_50_new_7_lost_193_at_end(golden: duckdb.DuckDBPyConnection) -> None:
    rate, low, high = cell(golden, "customer_retention_rate.set_based", "first")
    assert rate == pytest.approx(0.953333, abs=5e-7)
    assert (low, high) == pytest.approx((0.9068, 0.9772), abs=5e-5)
    assert cell(golden, "customers.end", "first")[0] == 193
    assert cell(golden, "customer_churn_rate.base_leavers", "first")[0] == pytest.approx(0.046667, abs=5e-7)
    assert cell(golden, "customer_retention_rate.count_based", "first")[0] == pytest.approx(0.953333, abs=5e-7)


@pytest.mark.parametrize(("variant", "value"), [("count_based", 0.953333), ("set_based", 0.98), ("bridge", -0.026667)])
def test_4_of_the_7_lost_were_new(variant: str, value: float, golden: duckdb.DuckDBPyConnection) -> None:
    assert cell(golden, f"customer_retention_rate.{variant}", "second")[0] == pytest.approx(value, abs=5e-7)


@pytest.mark.parametrize(("variant", "value"), [("count_based", 1.07), ("set_based", 0.95)])
def test_12_reactivated(variant: str, value: float, golden: duckdb.DuckDBPyConnection) -> None:
    assert cell(golden, f"customer_retention_rate.{variant}", "third")[0] == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "example", "basis", "value"),
    [
        ("clv.next_year_revenue", "next year", "purchase_window", 190.67),
        ("clv.lifespan_revenue", "three years", "purchase_window", 600),
        ("clv.margin", "three years", "purchase_window", 120),
        ("clv.net_of_cost", "net of cost", "calendar", 520),
        ("average_order_value.gross", "next year", "calendar", 50),
        ("purchase_frequency.standard", "next year", "calendar", 4),
        ("margin_rate.standard", "three years", "calendar", 0.2),
    ],
)
def test_lifetime_values_of_the_guides(
    name: str, example: str, basis: str, value: float, golden: duckdb.DuckDBPyConnection
) -> None:
    assert cell(golden, name, example, basis)[0] == pytest.approx(value, abs=5e-3)


def test_a_rate_is_never_used_as_a_percent(golden: duckdb.DuckDBPyConnection) -> None:
    highest = golden.execute("select max(value) from metric_values where metric = 'clv'").fetchone()
    assert highest is not None
    assert highest[0] < 1000


@pytest.mark.parametrize(("example", "half"), [("hundred", 0.1531), ("ten", 0.4841)])
def test_the_promoter_score_and_its_interval(example: str, half: float, golden: duckdb.DuckDBPyConnection) -> None:
    score, low, high = cell(golden, "net_promoter_score.standard", example, "scale_0_10")
    assert (score, low, high) == pytest.approx((0.3, 0.3 - half, 0.3 + half), abs=5e-5)


@pytest.mark.parametrize(
    ("example", "ends"),
    [("none of five", (0, 0.434)), ("all of five", (0.566, 1)), ("one of three", (0.061, 0.792))],
)
def test_wilson_intervals_of_a_few(example: str, ends: tuple[float, float], golden: duckdb.DuckDBPyConnection) -> None:
    assert cell(golden, "customer_retention_rate.set_based", example)[1:] == pytest.approx(ends, abs=5e-4)
