"""What an intake would do, without doing it.

Belongs here: the account of one source for ``retention validate``. Not here: a second way of reading files; this is
the intake itself, into a store that is thrown away.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from retention_pipeline.config import Settings
from retention_pipeline.core.errors import ConfigError, InputRefusedError, SourceUnavailableError
from retention_pipeline.core.progress import Progress, Silent
from retention_pipeline.intake.contracts import contract_of
from retention_pipeline.intake.fields import Field
from retention_pipeline.intake.ingest import SourceIntake
from retention_pipeline.intake.limits import find_excess
from retention_pipeline.intake.load import clear_staging
from retention_pipeline.intake.report import Excess, Refusal, SourceReport

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SAMPLE = 5
SAMPLE_ROWS = 1000
"""So many rows of a database are looked at; files are looked at as a whole."""


@dataclass(frozen=True)
class MappedColumn:
    """One contract column and where it comes from."""

    contract: str
    type: str
    source: str | None
    """Column of the file; ``None`` when there is none."""
    note: str
    """``required``, ``optional``, or what counts without the column."""


@dataclass
class SourcePreview:
    """One source as the pipeline would take it in now, into an empty store."""

    name: str
    path: str
    files: int = 0
    is_sample: bool = False
    """Whether only the first rows of a database were looked at."""
    columns: list[MappedColumn] = field(default_factory=list)
    report: SourceReport | None = None
    refused: list[Refusal] = field(default_factory=list)
    excess: list[Excess] = field(default_factory=list)
    sample_columns: tuple[str, ...] = ()
    sample: list[tuple[object, ...]] = field(default_factory=list)
    """The first accepted records, customers hashed."""
    error: ConfigError | InputRefusedError | SourceUnavailableError | None = None
    """Why nothing could be looked at."""

    @property
    def is_fit(self) -> bool:
        """Whether a run would accept the source as it is."""
        return self.error is None and not self.refused and not self.excess


def preview(
    connection: DuckDBPyConnection,
    settings: Settings,
    id_key: bytes,
    *,
    received_date: dt.date,
    progress: Progress | None = None,
) -> list[SourcePreview]:
    """Take in every configured source into a scratch store and say what happened.

    Args:
        connection: A database in memory with the empty tables of schema ``raw``.
        settings: The shop.
        id_key: Any key; the hashes in the sample depend on it.
        received_date: The day of arrival.
        progress: Told after each batch.

    Returns:
        One entry per source; a source that cannot be looked at carries its ``error``.
    """
    shown = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, source in settings.sources.configured().items():
            seen = SourcePreview(name, source.place)
            shown.append(seen)
            try:
                intake = SourceIntake.plan(connection, settings, name, sample=SAMPLE_ROWS)
                seen.files = len(intake.landing.files)
                seen.refused = intake.run(id_key, received_date, Path(scratch), progress or Silent())
            except (ConfigError, InputRefusedError, SourceUnavailableError) as error:
                seen.error = error
                continue
            finally:
                clear_staging(connection)
            seen.report = intake.report
            if intake.database is not None:
                seen.is_sample, intake.report.unread = True, intake.database.binding.unread
            seen.excess = [excess for excess in find_excess(connection, settings) if excess.source == name]
            seen.columns = [_mapped(field, intake.report) for field in contract_of(settings, name).fields]
            table = intake.contract.table
            rows = connection.execute(
                f"SELECT * FROM {table.qualified} ORDER BY known_date, line, delivery_id LIMIT {_SAMPLE}"
            ).fetchall()
            seen.sample_columns, seen.sample = table.column_names, rows
    return shown


def _mapped(contract: Field, report: SourceReport) -> MappedColumn:
    note = "required" if contract.needs_column else "optional"
    if contract.default is not None:
        note = f"without it: {contract.default}"
    return MappedColumn(contract.name, contract.type, report.columns.get(contract.name), note)
