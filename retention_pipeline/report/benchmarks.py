"""What others report, beside the shop's own values.

Belongs here: one table. Not here: which value a benchmark is compared with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_pipeline.report.beside import Comparison, read_comparisons
from retention_pipeline.report.section import Cell, Column, Grid, Section
from retention_pipeline.report.words import Form, by_unit, name, percent, points, with_interval

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from retention_pipeline.core.periods import Grain

HEADING = "Beside benchmarks"
ROWS_SHOWN = 60
_COLUMNS = (
    Column("metric"),
    Column("period"),
    Column("own value, 95 % interval", is_number=True),
    Column("benchmark", is_number=True),
    Column("gap", is_number=True),
    Column("own value is"),
    Column("benchmark of"),
)
_VERDICTS = {"within_interval": "not told apart"}


def benchmarks_section(published: DuckDBPyConnection, grain: Grain, currency: str, *, is_configured: bool) -> Section:
    """Each benchmark beside the latest final value of the page's grain and of the year, per basis."""
    if not is_configured:
        return Section("benchmarks", HEADING, notes=("No benchmarks are configured, so there is nothing to compare.",))
    found = read_comparisons(published)
    if not found:
        return Section("benchmarks", HEADING, notes=("No benchmark has a final value to stand beside.",))
    wanted = [each for each in found if each.grain in {grain, "year", "all"}][:ROWS_SHOWN]
    rows = tuple(_row(each, currency) for each in wanted)
    said = (
        "Not told apart: the interval of the own value holds the benchmark. Pp: percentage points. "
        "Compare like with like: a yearly benchmark says little about the value of a month."
    )
    more = len(found) - len(wanted)
    notes = (said, *([f"{more} more comparisons stand in the table benchmark_comparison."] if more else []))
    return Section("benchmarks", HEADING, tables=(Grid("Latest final values", _COLUMNS, rows),), notes=notes)


def _row(each: Comparison, currency: str) -> tuple[Cell, ...]:
    form, word = (points, "") if each.metric == "net_promoter_score" else by_unit(each.unit, currency)
    segment_set, key = each.segment
    where = "" if segment_set == "all" else f"; {name(segment_set)}: {name(key)}"
    variant = "" if each.variant == "standard" else f", {each.variant.replace('_', ' ')}"
    return (
        Cell(f"{each.metric.replace('_', ' ')}{variant}", f"{each.basis.replace('_', ' ')}{where}"),
        Cell(each.period),
        Cell(f"{with_interval(each.measured, form)} {word}".rstrip()),
        Cell(f"{form(each.benchmark)} {word}".rstrip()),
        Cell(_difference(each.gap, form)),
        Cell(_VERDICTS.get(each.verdict, each.verdict)),
        Cell(name(each.source)),
    )


def _difference(gap: float, form: Form) -> str:
    if form is points:
        return points(gap)
    return f"{100 * gap:+.1f} pp".replace("-0.0", "+0.0") if form is percent else f"{'+' * (gap > 0)}{form(gap)}"
