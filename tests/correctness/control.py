"""How often control limits cry wolf on shops where nothing happens, and how often they notice that something has.

Belongs here: simulated series, and counting. Not here: what the counts must be (``test_control``).

``python -m tests.correctness.control`` prints the table of ``docs/correctness.md``.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
import pandas as pd

from retention_pipeline.core.periods import Grain, period_end
from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.metrics.control_limits import INSUFFICIENT, control_limits
from tests.correctness.process import Integers

Series: TypeAlias = tuple[Integers, Integers]
"""Cases that count and all cases, a row per replicate and a column per period."""

RATE: Final = 0.8
SHIFT: Final = 0.05
SHIFTED: Final = 3
WINDOW: Final = 90
SIGMAS, FLOOR = 3.0, 0.01
FIRST: Final = dt.date(2020, 1, 6)


def alike(random: np.random.Generator, replicates: int, periods: int, spread: float = 0.0) -> Series:
    """Independent periods of 300 to 900 cases; ``spread`` is how much the true rate differs from period to period."""
    cases = random.integers(300, 901, (replicates, periods))
    rates = np.clip(random.normal(RATE, spread, cases.shape), 0.01, 0.99)
    return random.binomial(cases, rates), cases


def shop(random: np.random.Generator, replicates: int, periods: int, days: int) -> Series:
    """Set-based retention of stable shops: customers come at one rate, have rhythms of their own, and leave.

    Periods of ``days`` days overlap in their customers and in the window of ``WINDOW`` days, so neighbours resemble
    each other as those of a real shop do.
    """
    burn_in, arrivals, stay = 900, 1.4, 500.0
    length = burn_in + days * (periods + 1)
    found = np.zeros((2, replicates, periods), dtype=np.int64)
    for replicate in range(replicates):
        customers = random.poisson(arrivals * length)
        begin, rhythm = random.uniform(0, length, customers), random.gamma(2.0, 1 / 60, customers)
        end = np.minimum(begin + random.exponential(stay, customers), length)
        orders = random.poisson(rhythm * (end - begin))
        owner = np.concatenate([np.arange(customers), np.repeat(np.arange(customers), orders)])
        placed = random.uniform(begin[owner], end[owner])
        placed[:customers] = begin
        active = np.zeros((periods + 1, customers), dtype=bool)
        for number in range(periods + 1):
            boundary = burn_in + days * number
            active[number, owner[(placed < boundary) & (placed >= boundary - WINDOW)]] = True
        found[0, replicate] = (active[:-1] & active[1:]).sum(axis=1)
        found[1, replicate] = active[:-1].sum(axis=1)
    return found[0], found[1]


def judged(series: Series, grain: Grain) -> pd.DataFrame:
    """Limits of every replicate; each is a calendar of its own, so that one call judges them all."""
    count, cases = series
    starts = [FIRST]
    while len(starts) < count.shape[1]:
        starts.append(period_end(starts[-1], grain))
    replicates, periods = count.shape
    rows = pd.DataFrame(
        {
            "calendar": np.repeat([f"{number:05d}" for number in range(replicates)], periods),
            "period_start": np.tile(np.array(starts, dtype="datetime64[us]"), replicates),
            "numerator": count.ravel(),
            "denominator": cases.ravel(),
        }
    ).assign(metric="customer_retention_rate", variant="set_based", basis="purchase_window", grain=grain)
    rows = rows.assign(segment_set="all", segment_key="all", status="final", period_end=rows["period_start"])
    return control_limits(rows.reindex(columns=list(METRIC_VALUES.column_names)), sigmas=SIGMAS, floor=FLOOR)


def measure(series: Series, grain: Grain, random: np.random.Generator) -> dict[str, float]:
    """Shares of judged periods called outside: where nothing happens, and after the rate fell by ``SHIFT``.

    ``binomial`` is what limits without over-dispersion would have called outside.
    """
    quiet = judged(series, grain)
    quiet = quiet[quiet["verdict"] != INSUFFICIENT]
    distance = (quiet["value"] - quiet["center"]).abs()
    binomial = SIGMAS * np.sqrt(quiet["center"] * (1 - quiet["center"]) / quiet["n"])
    count, cases = (each.copy() for each in series)
    last = np.s_[:, -SHIFTED:]
    usual = count[last] / cases[last]
    count[last] = random.binomial(count[last], np.clip((usual - SHIFT) / usual, 0, 1))
    after = judged((count, cases), grain).groupby("calendar").tail(SHIFTED)
    below = (after["verdict"] == "below").to_numpy().reshape(-1, SHIFTED)
    return {
        "cases": float(quiet["n"].mean()),
        "judged": float(len(quiet)),
        "overdispersion": float(quiet["overdispersion"].mean()),
        "outside": float((quiet["verdict"] != "in_control").mean()),
        "binomial": float(((distance > binomial) & (distance >= FLOOR)).mean()),
        "at once": float(below[:, 0].mean()),
        "in three": float(below.any(axis=1).mean()),
    }


CASES: Final[dict[str, tuple[Grain, Callable[[np.random.Generator, int], Series]]]] = {
    "independent months": ("month", lambda random, replicates: alike(random, replicates, 40)),
    "months whose rate varies by 2 points": ("month", lambda random, replicates: alike(random, replicates, 40, 0.02)),
    "months whose rate varies by 4 points": ("month", lambda random, replicates: alike(random, replicates, 40, 0.04)),
    "independent weeks": ("week", lambda random, replicates: alike(random, replicates, 80)),
    "stable shop, months": ("month", lambda random, replicates: shop(random, replicates, 40, 30)),
    "stable shop, weeks": ("week", lambda random, replicates: shop(random, replicates, 80, 7)),
}


def table(replicates: int) -> dict[str, dict[str, float]]:
    """What was measured in every case of ``CASES``, by its name."""
    rows = {}
    for number, (name, (grain, make)) in enumerate(CASES.items()):
        random = np.random.default_rng(number)
        rows[name] = measure(make(random, replicates), grain, random)
    return rows


def main() -> None:
    """Print the table as it stands in the documentation."""
    for name, row in table(1000).items():
        shares = [100 * row[column] for column in ("outside", "binomial", "at once", "in three")]
        cells = [f"{row['judged']:,.0f}", f"{row['cases']:.0f}", f"{row['overdispersion']:.2f}"]
        line = " | ".join([name, *cells, *(f"{share:.2f}" for share in shares)])
        sys.stdout.write(f"| {line} |\n")


if __name__ == "__main__":
    main()
