"""Optional columns that a source stops delivering: never without somebody having said so.

Without its column a status counts as paid and a refund as 0, so a renamed or forgotten column would change numbers
silently. Each file is compared with the file of the nearest day before it that was read under the same mapping.
Belongs here: that comparison. Not here: columns the contract cannot do without (``mapping``).
"""

from __future__ import annotations

import bisect
import datetime as dt
from typing import TYPE_CHECKING

from retention_pipeline.config import Source
from retention_pipeline.intake.fields import Contract
from retention_pipeline.intake.refusal import FileRefusedError

if TYPE_CHECKING:
    from collections.abc import Collection

    from duckdb import DuckDBPyConnection


class ColumnsBefore:
    """Which columns of the contract the file of each day had; a history file is compared with none."""

    def __init__(
        self, connection: DuckDBPyConnection, contract: Contract, source: Source, mapping: str, history: str = "raw"
    ) -> None:
        self._contract = contract
        self._source = source
        rows = connection.execute(
            f"SELECT business_date, columns_found FROM {history}.deliveries WHERE source = ? AND mapping_hash = ?"
            " AND status = 'accepted' AND is_current AND repairs IS NULL AND business_date IS NOT NULL"
            " AND columns_found IS NOT NULL ORDER BY business_date",
            [contract.source, mapping],
        ).fetchall()
        self._columns: dict[dt.date, frozenset[str]] = {day: frozenset(text.split(",")) for day, text in rows}
        self._days = list(self._columns)

    def check(self, day: dt.date | None, columns: Collection[str]) -> None:
        """Compare a file with the one before it.

        Raises:
            FileRefusedError: A column is gone that ``may_lack`` does not name.
        """
        if day is None or self._source.is_database:
            return
        if place := bisect.bisect_left(self._days, day):
            before = self._days[place - 1]
            gone = [
                name
                for name in self._contract.names
                if name in self._columns[before] and name not in columns and name not in self._source.may_lack
            ]
            if gone:
                raise _gone(self._contract, gone, before)

    def remember(self, day: dt.date | None, columns: Collection[str]) -> None:
        """Compare later files with this one; a file that is refused must not stand here."""
        if day is None:
            return
        if day not in self._columns:
            bisect.insort(self._days, day)
        self._columns[day] = frozenset(columns)


def _gone(contract: Contract, gone: list[str], before: dt.date) -> FileRefusedError:
    listed = ", ".join(gone)
    return FileRefusedError(
        "column_gone",
        f"the file of {before} had a column for {listed}, this one has none",
        "deliver the column again; if it is gone for good, write"
        f" may_lack = [{', '.join(f'{chr(34)}{name}{chr(34)}' for name in gone)}] under [sources.{contract.source}]",
    )
