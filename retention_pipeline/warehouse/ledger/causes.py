"""What each changed cell's change is called: the rows of the ledger that a version adds.

Belongs here: the order in which causes are considered. Not here: which records can be behind a cell (``reach``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_pipeline.core.causes import Cause
from retention_pipeline.core.history_tables import CELL_KEY, COMPARED, METRIC_RESTATEMENTS
from retention_pipeline.core.status import Status
from retention_pipeline.warehouse.ledger.reach import IDS_LISTED
from retention_pipeline.warehouse.ledger.withholding import withhold_before
from retention_pipeline.warehouse.sql import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_OPEN = f"('{Status.PROVISIONAL}', '{Status.IMMATURE}')"

_OF_SET = ("metric", "variant", "basis", "calendar", "cohort_age", "segment_set")
_OF_SEGMENT = ("metric", "variant", "basis", "segment_set", "segment_key")

_ROWS = """
create or replace temp table ledger_rows as
with
close as (
    select scope_id, list_sort(list(distinct cause)) as causes,
        list(distinct delivery_number order by delivery_number) as numbers
    from ledger_matches
    group by scope_id
),
loose as (
    select scope_id, list_sort(list(distinct cause)) as causes,
        list(distinct delivery_number order by delivery_number) as numbers
    from ledger_loose_matches
    group by scope_id
),
still_defined as (
    select distinct metric, variant from metrics.metric_values
),
lonely_segments as (
    (
        select {segment} from old_values
        except
        select {segment} from metrics.metric_values
    )
    union all
    (
        select {segment} from metrics.metric_values
        except
        select {segment} from old_values
    )
),
grown as (
    select {of_set}, period_start, period_end from metrics.metric_values
    except
    select {of_set}, period_start, period_end from old_values
),
described as (
    select
        cells.*, scopes.scope_id, profiles.looks_ahead,
        coalesce({has_aged} or list_has_any(profiles.sources, [{advanced}]), false) as has_aged,
        still_defined.metric is not null as is_defined,
        lonely_segments.metric is not null and is_defined as is_of_lonely_segment,
        coalesce(old_status in {open}, false) or coalesce(new_status in {open}, false) as is_open,
        coalesce('{suppressed}' in (old_status, new_status), false) as was_or_is_hidden,
        was_or_is_hidden and exists (
            select 1 from grown
            where {same_set} and grown.period_start < cells.period_end and grown.period_end > cells.period_start
        ) as is_beside_growth
    from ledger_cells as cells
    left join ledger_scopes as scopes using (cell_id)
    left join ledger_profiles as profiles using (metric, variant, basis)
    left join still_defined on cells.metric = still_defined.metric and cells.variant = still_defined.variant
    left join lonely_segments
        on {same_segment}
),
neighboured as (
    select *, bool_or(is_open) over (
        partition by metric, variant, basis, grain, calendar, period_start, cohort_start, cohort_age, segment_set
    ) as has_open_neighbour
    from described
),
judged as (
    select
        cells.*,
        coalesce(close.causes, []) as close_causes, coalesce(close.numbers, []) as close_numbers,
        coalesce(loose.causes, []) as loose_causes, coalesce(loose.numbers, []) as loose_numbers,
        list_filter([
            case when {has_configuration} then '{configuration}' end,
            case when {has_erasure} then '{erasure}' end,
            case
                when not is_defined
                    or (was_there and is_there and old_definition_version <> new_definition_version)
                    then '{definition}'
            end,
            case
                when has_aged and not is_of_lonely_segment and (
                    is_open
                    -- which cells are hidden beside a small one is decided for all segments of a set together, and
                    -- for a period together with the finer ones within it
                    or (was_or_is_hidden and has_open_neighbour)
                    or is_beside_growth
                    or (looks_ahead and {only_interval})
                ) then '{maturing}'
            end
        ], lambda cause: cause is not null) as own_causes
    from neighboured as cells
    left join close using (scope_id)
    left join loose using (scope_id)
),
named as (
    select
        *,
        case
            when len(own_causes) + len(close_causes) > 0 then list_sort(list_distinct(own_causes || close_causes))
            when is_of_lonely_segment then ['{segment_cause}']
            when len(loose_causes) > 0 then loose_causes
            else ['{fallback}']
        end as all_causes,
        case
            when len(own_causes) + len(close_causes) > 0 then close_numbers
            when is_of_lonely_segment then []
            else loose_numbers
        end as numbers
    from judged
),
ids as (
    select coalesce(list(delivery_id order by delivery_number), []) as listed from ledger_deliveries_numbered
)
select
    {version}, {key}, period_end, {sides},
    case when len(all_causes) = 1 then all_causes[1] else '{several}' end as cause,
    array_to_string(all_causes, ', ') as causes,
    list_transform(numbers[:{listed}], lambda number: ids.listed[number]) as delivery_ids,
    len(numbers) as deliveries_count
from named
cross join ids
"""


@dataclass(frozen=True)
class Step:
    """One step along the main line: what the rows of the ledger say about the two versions, and what differs.

    Attributes:
        version, previous_version: The two versions.
        as_of, previous_as_of: Their dates, ISO.
        published_at: When the new one is published, as SQL understands it (UTC).
        has_configuration: Whether they were made under different configurations.
        has_code: Whether they were made by different programs.
        advanced: Sources that had been delivered further to the new one.
        has_erasure: Whether somebody was erased in between.
    """

    version: str
    previous_version: str
    as_of: str
    previous_as_of: str
    published_at: str
    has_configuration: bool
    has_code: bool
    advanced: tuple[str, ...] = ()
    has_erasure: bool = False


def write_rows(connection: DuckDBPyConnection, step: Step) -> list[tuple[str, int]]:
    """Fill the temporary table ``ledger_rows``, in the columns of ``METRIC_RESTATEMENTS``.

    Returns:
        Metrics with rows that nothing explains, and how many.
    """
    unchanged = ("numerator", "denominator", "value", "n", "status", "definition_version", "unit", "currency")
    statement = _ROWS.format(
        **{cause.value: cause.value for cause in Cause if cause is not Cause.SEGMENT},
        open=_OPEN,
        has_configuration=_boolean(step.has_configuration),
        has_erasure=_boolean(step.has_erasure),
        has_aged=_boolean(step.as_of > step.previous_as_of),
        advanced=", ".join(literal(source) for source in step.advanced),
        suppressed=Status.SUPPRESSED.value,
        of_set=", ".join(_OF_SET),
        same_set=" and ".join(f"cells.{name} is not distinct from grown.{name}" for name in _OF_SET),
        segment=", ".join(_OF_SEGMENT),
        same_segment=" and ".join(f"cells.{name} = lonely_segments.{name}" for name in _OF_SEGMENT),
        segment_cause=Cause.SEGMENT.value,
        only_interval=" and ".join(f"old_{name} is not distinct from new_{name}" for name in unchanged),
        fallback=Cause.CODE.value if step.has_code else Cause.UNEXPLAINED.value,
        version=f"{literal(step.version)} as version, {literal(step.previous_version)} as previous_version,"
        f" date {literal(step.as_of)} as as_of, date {literal(step.previous_as_of)} as previous_as_of,"
        f" timestamp {literal(step.published_at)} as published_at",
        key=", ".join(CELL_KEY),
        sides=", ".join(f"old_{name}, new_{name}" for name in COMPARED),
        listed=IDS_LISTED,
    )
    connection.execute(statement)
    if step.has_erasure:
        withhold_before(connection)
    found = connection.execute(
        "select metric || '.' || variant, count(*) from ledger_rows where cause = ? group by all order by all",
        [Cause.UNEXPLAINED.value],
    ).fetchall()
    return [(str(name), int(count)) for name, count in found]


def write_no_rows(connection: DuckDBPyConnection) -> None:
    """Leave ``ledger_rows`` empty: nothing was compared."""
    columns = ", ".join(f"{column.name} {column.type}" for column in METRIC_RESTATEMENTS.columns)
    connection.execute(f"create or replace temp table ledger_rows ({columns})")


def _boolean(value: bool) -> str:
    return "true" if value else "false"
