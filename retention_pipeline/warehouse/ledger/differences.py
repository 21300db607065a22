"""Any two kept versions compared: tables, metric cells, causes.

Unlike the ledger this compares open periods, too, and versions that do not follow each other.
Belongs here: the comparison for people. Not here: the ledger itself (``cells``, ``causes``), display (``cli``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from retention_pipeline.core.history_tables import CELL_KEY, COMPARED, METRIC_RESTATEMENTS, VERSIONS
from retention_pipeline.core.home import Home
from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.warehouse import versions
from retention_pipeline.warehouse.connection import connect, duckdb_errors
from retention_pipeline.warehouse.ledger.inputs import table_file
from retention_pipeline.warehouse.ledger.lineage import is_reenactment
from retention_pipeline.warehouse.manifest import Manifest
from retention_pipeline.warehouse.read import require_known
from retention_pipeline.warehouse.verify import verify_version

_CELLS: Final = """
select {key}, {sides},
    case when old.metric is null then 'added' when new.metric is null then 'removed' else 'changed' end as change
from {old} as old
full join {new} as new on {same_cell}
where old.metric is null or new.metric is null or {differs}
order by abs(new.value - old.value) / nullif(abs(old.value), 0) desc nulls last, {key_order}
"""


@dataclass(frozen=True)
class Differences:
    """What differs between two versions.

    Attributes:
        versions: What each was made for and by: label, name, as_of, published_at, three short fingerprints.
        tables: Name, rows before and after, their difference, and ``equal``, ``differs``, ``added`` or ``removed``.
        cell_columns, cells: Metric cells that differ, with both sides, the largest relative change first.
        totals: Cells added, removed, changed.
        causes: Causes of the changes of finished periods and their numbers, summed over all steps of the main line from
            one version to the other: a cell that changed in two steps counts twice.
        steps: How many steps that are; 0 where one of the versions is a re-enactment, so that no steps lead to it.
    """

    versions: list[tuple[str, ...]]
    tables: list[tuple[str, int | None, int | None, int | None, str]]
    cell_columns: tuple[str, ...]
    cells: list[tuple[Any, ...]]
    totals: list[tuple[str, int]]
    causes: list[tuple[str, int]]
    steps: int


def differences(home: Home, before: str, after: str) -> Differences:
    """Compare two kept versions.

    Raises:
        NothingPublishedError: One of them does not exist.
        CorruptFileError: One of them is damaged.
    """
    for version in (before, after):
        require_known(home, version)
    old, new = (verify_version(home.published / version) for version in (before, after))
    columns, cells = _cells(home, old, new)
    counted: dict[str, int] = {}
    for row in cells:
        counted[row[-1]] = counted.get(row[-1], 0) + 1
    caused, steps = _causes(home, old, new)
    return Differences(
        versions=[_origin("before", old), _origin("after", new)],
        tables=_tables(old, new),
        cell_columns=columns,
        cells=cells,
        totals=sorted(counted.items()),
        causes=caused,
        steps=steps,
    )


def _origin(label: str, manifest: Manifest) -> tuple[str, ...]:
    short = (str(manifest.metadata.get(name, ""))[:8] for name in ("config_hash", "definitions_hash", "code_hash"))
    return (label, manifest.version, manifest.metadata["as_of"], manifest.created_at, *short)


def _tables(old: Manifest, new: Manifest) -> list[tuple[str, int | None, int | None, int | None, str]]:
    rows: list[tuple[str, int | None, int | None, int | None, str]] = []
    for name in sorted({*old.tables, *new.tables}):
        was, now = old.tables.get(name), new.tables.get(name)
        if was is None or now is None:
            counts = (None if was is None else was.rows, None if now is None else now.rows)
            rows.append((name, *counts, None, "removed" if now is None else "added"))
        else:
            same = "equal" if was.content_hash == now.content_hash else "differs"
            rows.append((name, was.rows, now.rows, now.rows - was.rows, same))
    return rows


def _cells(home: Home, old: Manifest, new: Manifest) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    key = (*CELL_KEY, "period_end")
    statement = _CELLS.format(
        key=", ".join(f"coalesce(old.{name}, new.{name}) as {name}" for name in key),
        sides=", ".join(f"old.{name} as old_{name}, new.{name} as new_{name}" for name in COMPARED),
        old=table_file(home, old, METRIC_VALUES.name),
        new=table_file(home, new, METRIC_VALUES.name),
        same_cell=" and ".join(f"old.{name} is not distinct from new.{name}" for name in key),
        differs=" or ".join(f"old.{name} is distinct from new.{name}" for name in COMPARED),
        key_order=", ".join(f"coalesce(old.{name}, new.{name})" for name in key),
    )
    with connect(None) as connection, duckdb_errors(home.published):
        cursor = connection.execute(statement)
        return tuple(str(name) for name, *_ in cursor.description or []), cursor.fetchall()


def _causes(home: Home, old: Manifest, new: Manifest) -> tuple[list[tuple[str, int]], int]:
    """The ledger of the newer version speaks about every step of the main line on the way to it."""
    first, second = sorted((old, new), key=lambda manifest: versions.number(manifest.version))
    if METRIC_RESTATEMENTS.name not in second.tables or is_reenactment(first) or is_reenactment(second):
        return [], 0
    after, until = versions.number(first.version), versions.number(second.version)
    on_the_way = f"cast(substr(version, 2) as bigint) between {after + 1} and {until}"
    counted = (
        f"select causes, count(*) from {table_file(home, second, METRIC_RESTATEMENTS.name)}"
        f" where {on_the_way} group by causes order by 2 desc, 1"
    )
    steps = f"select count(compared_with) from {table_file(home, second, VERSIONS.name)} where {on_the_way}"
    with connect(None) as connection, duckdb_errors(home.published):
        rows = [(str(causes), int(count)) for causes, count in connection.execute(counted).fetchall()]
        return rows, int(connection.execute(steps).fetchall()[0][0])
