"""``as_known_at``: metric values as consumers saw them on an earlier date.

Every change of a finished period stands in the ledger with both sides, so the newest version and the rows of all later
ones give back what an earlier version said, whether or not that version is still kept.
Belongs here: the macro that each version carries, and its use from Python. Not here: filling the ledger (``causes``).
"""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Final

from retention_pipeline.core.errors import ConfigError, NothingPublishedError
from retention_pipeline.core.history_tables import CELL_KEY, COMPARED, METRIC_RESTATEMENTS
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import versions
from retention_pipeline.warehouse.ledger.cells import ROLLING
from retention_pipeline.warehouse.ledger.lineage import is_reenactment, place
from retention_pipeline.warehouse.read import open_published

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

MACRO: Final = "as_known_at"

_BODY = """
with
seen as (
    select version, as_of, periods_from, cast(substr(version, 2) as bigint) as number
    from _versions
    where not is_reenactment and periods_from is not null and as_of <= known_on
    order by as_of desc, number desc
    limit 1
),
delivered as (
    select sources.metric, sources.variant, sources.basis, min(coverage.data_through) as data_through
    from _metric_sources as sources
    inner join _coverage as coverage on sources.source = coverage.source
    inner join seen on coverage.version = seen.version
    where sources.is_completing and cast(substr(sources.since_version, 2) as bigint) <= seen.number
    group by sources.metric, sources.variant, sources.basis
),
later as (
    select ledger.*, cast(substr(ledger.version, 2) as bigint) as number
    from metric_restatements as ledger
    inner join seen on cast(substr(ledger.version, 2) as bigint) > seen.number
    where not {rolling}
),
undone as (
    select {later_key}, period_end, {firsts}
    from later
    group by {later_key}, period_end
),
cells as (
    select {key}, period_end, {olds} from undone where old_status is not null
    union all
    select {value_key}, metric_values.period_end, {values}
    from metric_values
    left join undone on {same_cell}
    where undone.metric is null and not {rolling_value}
)
select {cell_key}, cells.period_end, {cell_values}, seen.version as seen_in, seen.as_of as seen_as_of
from cells
cross join seen
inner join delivered
    on cells.metric = delivered.metric
    and cells.variant = delivered.variant
    and cells.basis = delivered.basis
where cells.period_end - 1 <= delivered.data_through and cells.period_end > seen.periods_from
"""


def macro_sql() -> str:
    """The statement that creates the macro, in the schema of the tables it reads."""

    def listed(pattern: str, names: tuple[str, ...]) -> str:
        return ", ".join(pattern.format(name) for name in names)

    body = _BODY.format(
        rolling=ROLLING,
        rolling_value=_qualified(ROLLING, "metric_values"),
        key=listed("{0}", CELL_KEY),
        later_key=listed("{0}", CELL_KEY),
        value_key=listed("metric_values.{0}", CELL_KEY),
        cell_key=listed("cells.{0}", CELL_KEY),
        firsts=listed("first(old_{0} order by number) as old_{0}", COMPARED),
        olds=listed("old_{0} as {0}", COMPARED),
        values=listed("metric_values.{0}", COMPARED),
        cell_values=listed("cells.{0}", COMPARED),
        same_cell=" and ".join(
            f"metric_values.{name} is not distinct from undone.{name}" for name in (*CELL_KEY, "period_end")
        ),
    )
    return f"create macro {MACRO}(known_on) as table {body}"


def _qualified(condition: str, table: str) -> str:
    for name in ("grain", "cohort_start", "cohort_age"):
        condition = condition.replace(name, f"{table}.{name}")
    return condition


def as_known_at(home: Home | Path, date: dt.date, *, version: str | None = None) -> DuckDBPyRelation:
    """Metric values of finished periods as consumers saw them on a date.

    Args:
        home: The home directory.
        date: The date; what the last version with ``as_of`` up to it said is given back.
        version: The version whose memory is used; the newest of the main line when omitted.

    Returns:
        A relation with the key of ``metric_values``, ``period_end``, the values and the version they were ``seen_in``.

    Raises:
        NothingPublishedError: No version had been published for that date, or the version is a re-enactment.
    """
    where = home if isinstance(home, Home) else Home(home)
    chosen = version or newest_on_the_line(where)
    connection = open_published(where, chosen)
    if not _has_macro(connection):
        raise NothingPublishedError(
            f"version {chosen} does not remember what was seen: it answers a question about the past, or is of an"
            " earlier program",
            remedy="name another version, or none",
        )
    first = connection.execute(
        "select min(as_of) from _versions where not is_reenactment and periods_from is not null"
    ).fetchall()[0][0]
    if first is None or date < first:
        remedy = f"the first version was made for {first}" if first else "no version so far has a period"
        raise NothingPublishedError(f"nothing had been published for {date}", remedy=remedy)
    return connection.sql(f"select * from {MACRO}(date '{date.isoformat()}')")


def day_of(date: object) -> dt.date:
    """A date as somebody may give it: a date, an instant (its day counts), or text such as ``2026-01-31``.

    Raises:
        ConfigError: It is none of these; says what is accepted.
    """
    day: object = None
    if isinstance(date, str):
        with contextlib.suppress(ValueError):
            day = dt.date.fromisoformat(date)
    elif isinstance(date, dt.datetime):
        day = date.date()  # a missing instant of pandas is none afterwards either
    else:
        day = date
    if not isinstance(day, dt.date) or isinstance(day, dt.datetime):
        raise ConfigError(
            f"{date!r} is not a date", remedy="give a datetime.date, or text of the form 2026-01-31 (year-month-day)"
        )
    return day


def open_memory(home: Home) -> DuckDBPyConnection:
    """Open the version whose memory reaches furthest.

    Raises:
        NothingPublishedError: Nothing has been published, or only by a program that had no ledger yet.
    """
    connection = open_published(home, newest_on_the_line(home))
    query = "select count(*) from duckdb_tables() where table_name = ?"
    if not connection.execute(query, [METRIC_RESTATEMENTS.name]).fetchall()[0][0]:
        connection.close()
        raise NothingPublishedError(
            f"{home.published}: the published versions have no ledger", remedy="run the pipeline: the next one has"
        )
    return connection


def newest_on_the_line(home: Home) -> str | None:
    """The version whose memory reaches furthest: the last of the main line; None where nothing is published."""
    line = [each for each in versions.intact_manifests(home) if not is_reenactment(each)]
    return max(line, key=place).version if line else None


def _has_macro(connection: DuckDBPyConnection) -> bool:
    query = "select count(*) from duckdb_functions() where function_name = ?"
    return bool(connection.execute(query, [MACRO]).fetchall()[0][0])
