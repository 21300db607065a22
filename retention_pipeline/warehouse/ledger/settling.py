"""How long periods keep moving after they have ended: a function of the ledger and of what was published when.

Only what deliveries changed counts: a new definition says nothing about how late a shop's data arrive.
A cell is observed at an age when some version was published between its period's end and that age, and the newest
version is at least that much later than the period's end; it moved when a later version changed it. Cells that are
published no more are not observed.
Belongs here: the table ``period_settling``. Not here: the ledger it is computed from (``causes``).
"""

from __future__ import annotations

from typing import Final

from retention_pipeline.core.causes import OF_DATA, Cause
from retention_pipeline.core.history_tables import CELL_KEY
from retention_pipeline.warehouse.ledger.cells import ROLLING

LAGS: Final = (0, 1, 3, 7, 14, 30, 60, 90, 180, 365)
"""Days since a period's end that are looked at."""
TOLERATED: Final = 0.01
"""Share of cells that may still move when a period counts as settled."""

_SETTLING = """
with
versions as (
    select as_of from ({versions}) where not is_reenactment
),
span as (
    select min(as_of) as first_as_of, max(as_of) as last_as_of from versions
),
lags as (
    select unnest([{lags}]) as lag_days
),
sizes as (
    select metric, variant, grain, period_end, count(*) as cells_count
    from {values}
    where not {rolling}
    group by all
),
observed as (
    select sizes.metric, sizes.variant, sizes.grain, lags.lag_days, sum(sizes.cells_count) as cells_count
    from sizes
    cross join lags
    cross join span
    where sizes.period_end + lags.lag_days between span.first_as_of and span.last_as_of
    group by all
),
restated as (
    select *, as_of - period_end as moved_at
    from ({ledger}) as ledger
    where not {rolling}
        and len(list_intersect(string_split(causes, ', '), [{causes}])) > 0
        -- a cell that is there no more is not among those that are counted, so it does not count as moved either
        and exists (from {values} as present where {same_cell})
),
moved_cells as (
    select
        restated.metric, restated.variant, restated.grain, lags.lag_days,
        arg_min(restated.old_value, restated.as_of) as value_then,
        arg_max(restated.new_value, restated.as_of) as value_now
    from restated
    inner join lags on restated.moved_at > lags.lag_days
    cross join span
    where restated.period_end + lags.lag_days between span.first_as_of and span.last_as_of
    group by restated.metric, restated.variant, restated.grain, lags.lag_days, {cell}
),
moved as (
    select
        metric, variant, grain, lag_days, count(*) as moved_count,
        max(abs(value_now - value_then) / nullif(abs(value_then), 0)) as largest_change,
        median(abs(value_now - value_then) / nullif(abs(value_then), 0)) as median_change
    from moved_cells
    group by all
),
shares as (
    select
        observed.metric, observed.variant, observed.grain, observed.lag_days, observed.cells_count,
        coalesce(moved.moved_count, 0) as moved_count,
        coalesce(moved.moved_count, 0) / observed.cells_count as moved_share,
        moved.largest_change, moved.median_change
    from observed
    left join moved using (metric, variant, grain, lag_days)
),
-- cells of one age are not those of another, so quiet days may come before the late ones
unsettled as (
    select *, max(lag_days) filter (where moved_share > {tolerated}) over (partition by metric, variant, grain)
        as last_moving
    from shares
)
select * exclude (last_moving),
    min(lag_days) filter (where last_moving is null or lag_days > last_moving)
        over (partition by metric, variant, grain) as suggested_grace_days
from unsettled
"""


def settling_sql(*, ledger: str, versions: str, values: str) -> str:
    """The query of ``period_settling``.

    Args:
        ledger: A query that gives the rows of ``metric_restatements``.
        versions: A query that gives the rows of ``_versions``.
        values: The metric rows, as something that can stand after FROM.
    """
    others = ("basis", "calendar", "period_start", "period_end", "cohort_start", "cohort_age")
    return _SETTLING.format(
        ledger=ledger,
        versions=versions,
        values=values,
        rolling=ROLLING,
        lags=", ".join(str(lag) for lag in LAGS),
        causes=", ".join(f"'{cause}'" for cause in sorted([*OF_DATA, Cause.UNEXPLAINED])),
        same_cell=" and ".join(
            f"present.{name} is not distinct from ledger.{name}" for name in (*CELL_KEY, "period_end")
        ),
        cell=", ".join(f"restated.{name}" for name in (*others, "segment_set", "segment_key")),
        tolerated=TOLERATED,
    )
