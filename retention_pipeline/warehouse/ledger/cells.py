"""Comparing the metric rows of two versions, cell by cell.

Compared are finished periods: those of which every day had been delivered to some version of the main line, the one
compared with or an earlier one. A period that is still open is expected to change.
A period that the version compared with did not have at all (one before its first order) was not published, so it is not
restated.
Rows of a rolling period (grain ``all``, pooled cohort curves) end on another day in almost every version; such a row is
another period then, not a restated one, and only compared where it ends on the same day.
Belongs here: which cells changed. Not here: why (``causes``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_pipeline.core.history_tables import CELL_KEY, COMPARED
from retention_pipeline.core.tables import METRIC_VALUES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ROLLING = "(grain = 'all' or (cohort_start is null and cohort_age is not null))"
"""Whether a metric row is of a rolling period."""

_REACH = """
create or replace temp table ledger_reach as
with
on_the_line as (
    select version from old_versions where not is_reenactment
),
by_version as (
    select sources.metric, sources.variant, sources.basis, coverage.version, min(coverage.data_through) as through
    from old_metric_sources as sources
    inner join old_coverage as coverage using (source)
    semi join on_the_line using (version)
    where sources.is_completing
    group by all
),
furthest as (
    select metric, variant, basis, max(through) as through from by_version group by all
),
published as (
    select metric, variant, basis, max(data_through) as through from old_values group by all
)
select published.metric, published.variant, published.basis, greatest(published.through, furthest.through) as through
from published
left join furthest using (metric, variant, basis)
"""

_CHANGED = """
create or replace temp table ledger_cells as
with
compared as (
    select {key}, {sides}, old.metric is not null as was_there, new.metric is not null as is_there
    from {old} as old
    full join {new} as new on {same_cell}
    where old.metric is null or new.metric is null or {differs}
),
published_periods as (
    select distinct grain, period_start, period_end from {old}
),
finished as (
    select compared.*
    from compared
    inner join ledger_reach using (metric, variant, basis)
    where compared.period_end - 1 <= ledger_reach.through
        and (compared.was_there or {rolling}
            or (compared.grain, compared.period_start, compared.period_end) in (from published_periods))
),
rolling_spans as (
    select metric, variant, basis, grain, calendar, period_end from old_values where {rolling}
    intersect
    select metric, variant, basis, grain, calendar, period_end from {new} where {rolling}
)
select row_number() over () as cell_id, finished.*
from finished
where (was_there and is_there) or not {rolling}
    or (metric, variant, basis, grain, calendar, period_end) in (from rolling_spans)
"""


def find_changed_cells(connection: DuckDBPyConnection) -> int:
    """Fill the temporary table ``ledger_cells`` from ``old_values`` and the build's metric rows.

    Args:
        connection: With the views of ``inputs.attach``.

    Returns:
        How many cells changed.
    """
    connection.execute(_REACH)
    connection.execute(changed_cells_sql("old_values", METRIC_VALUES.qualified))
    row = connection.execute("select count(*) from ledger_cells").fetchone()
    return int(row[0]) if row else 0


def changed_cells_sql(old: str, new: str) -> str:
    """The statement that fills ``ledger_cells``."""
    columns = [*CELL_KEY, "period_end"]
    return _CHANGED.format(
        key=", ".join(f"coalesce(old.{name}, new.{name}) as {name}" for name in columns),
        sides=", ".join(f"old.{name} as old_{name}, new.{name} as new_{name}" for name in COMPARED),
        same_cell=" and ".join(f"old.{name} is not distinct from new.{name}" for name in columns),
        differs=" or ".join(f"old.{name} is distinct from new.{name}" for name in COMPARED),
        old=old,
        new=new,
        rolling=ROLLING,
    )
