"""What others report beside the oracle's own values: ``benchmark_comparison``.

Belongs here: the latest final value of each basis and grain. Not here: which benchmark counts (``source_state``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.fact import Fact
from tests.oracle.fact import Row as Cells
from tests.oracle.rows import Row

if TYPE_CHECKING:
    from tests.oracle.world import World


def benchmark_table(world: World) -> Fact:
    """Every row of ``benchmark_comparison``."""
    names = ("metric", "variant", "basis", "grain", "segment_set", "segment_key", "source")
    table = Fact("benchmark_comparison", names)
    for benchmark in world.state.benchmarks:
        newest: dict[tuple[str, str], Row] = {}
        for row in world.metrics:
            place = row.place
            if (
                (row.metric, row.variant, place.segment_set, place.segment_key)
                == (benchmark.metric, benchmark.variant, benchmark.segment_set, benchmark.segment_key)
                and row.status == "final" and place.cohort_start is None and place.cohort_age is None
            ):  # fmt: skip
                held = newest.get((place.basis, place.grain))
                if held is None or held.place.period_start < place.period_start:
                    newest[(place.basis, place.grain)] = row
        for (basis, grain), row in newest.items():
            key = (row.metric, row.variant, basis, grain, benchmark.segment_set, benchmark.segment_key,
                   benchmark.source)  # fmt: skip
            table.rows[key] = _beside(row, float(benchmark.value))
    return table


def _beside(row: Row, benchmark: float) -> Cells:
    assert row.value is not None
    gap = row.value - benchmark
    low, high = row.ci or (None, None)
    is_held = gap == 0 or (low is not None and high is not None and low <= benchmark <= high)
    verdict = "within_interval" if is_held else "above" if gap > 0 else "below"
    return {
        "period_start": row.place.period_start, "period_end": row.place.period_end, "value": row.value, "ci_low": low,
        "ci_high": high, "benchmark": benchmark, "gap": gap, "verdict": verdict,
    }  # fmt: skip
