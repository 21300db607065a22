"""What a person should know about an intake although nothing stopped it.

Belongs here: warnings, each said once per source and run. Not here: refusals and quarantined records (``report``).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from retention_pipeline.config import Settings
from retention_pipeline.intake import read_parquet
from retention_pipeline.intake.csv_file import read_header
from retention_pipeline.intake.discover import Landing
from retention_pipeline.intake.fields import Contract
from retention_pipeline.intake.load import Batch
from retention_pipeline.intake.refusal import FileRefusedError
from retention_pipeline.intake.select import RELATION
from retention_pipeline.intake.vocabulary import vocabulary_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SHOWN = 10
_A_VOCABULARY = 20
_PERSONAL = re.compile(r"@|\d(?:\D*\d){4}")
"""An address, or a number long enough to be a telephone or an account: nothing for a log."""


class Notes:
    """Collects over the batches of one source."""

    def __init__(
        self, connection: DuckDBPyConnection, settings: Settings, contract: Contract, landing: Landing
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._contract = contract
        self._source = settings.sources.configured()[contract.source]
        self._landing = landing
        self._unexplained: Counter[str] = Counter()
        self._baseline: set[str] | None = None
        self._new_columns: dict[str, str] = {}

    def see(self, batch: Batch) -> None:
        """Take note of a batch that has been read."""
        self._unexplained += batch.unexplained
        if self._source.select is not None:
            return
        for delivery in batch.deliveries:
            if delivery.binding is None:
                continue
            if self._baseline is None:
                first = self._landing.files[0]
                self._baseline = set(delivery.header if delivery.found == first else self._first_header())
            for name in delivery.binding.unread:
                if name not in self._baseline:
                    self._new_columns.setdefault(name, delivery.found.shown)

    def warnings(self, withdrawn: list[str], left_behind: int) -> list[str]:
        """All warnings of the source."""
        return [
            *self._ignored(),
            *self._columns(),
            *self._words(),
            *(f"{path} was refused and has been taken away; what was delivered before counts" for path in withdrawn),
            *self._left(left_behind),
        ]

    def _first_header(self) -> tuple[str, ...]:
        """Columns of the oldest file; a column that it has too is no news."""
        first = self._landing.files[0].path
        try:
            if self._source.format == "parquet":
                read_parquet.open_parquet(self._connection, first)
                return tuple(read_parquet.column_types(self._connection, RELATION))
            encoding = "utf-8-sig" if self._source.encoding == "utf-8" else self._source.encoding
            return read_header(first, self._source.delimiter, encoding)
        except (FileRefusedError, OSError, UnicodeError, StopIteration):
            return ()

    def _ignored(self) -> list[str]:
        names = self._landing.ignored
        if not names:
            return []
        shown = ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
        return [f"not read, since their names hold no date of the form {self._source.date_format}: {shown}"]

    def _columns(self) -> list[str]:
        if not self._new_columns:
            return []
        path = next(iter(self._new_columns.values()))
        names = list(self._new_columns)
        shown = ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
        return [f"new columns that nothing asks for and that are not read, first in {path}: {shown}"]

    def _words(self) -> list[str]:
        found, column = self._unexplained, self._contract.word
        if not found:
            return []
        if len(found) > _A_VOCABULARY:  # not words but numbers, names or addresses: never repeat them
            return [f"the {column} column holds {len(found)} different values; is it the right column?"]
        vocabulary = vocabulary_of(self._settings, self._contract.source)
        most = ", ".join(f"{_shown(word)} ({count})" for word, count in found.most_common(_SHOWN))
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        meaning = f"count as {vocabulary.other!r}, {vocabulary.consequence}"
        return [f"{column} words without a meaning {meaning}: {most}{more}; give them one under [{vocabulary.table}]"]

    def _left(self, count: int) -> list[str]:
        if not count:
            return []
        return [f"{count} deliveries were read under an earlier mapping and their files are gone, so they stay as read"]


def _shown(word: str) -> str:
    """A word as it may stand in a log: a status is no secret, what was delivered in its place may be."""
    return "(withheld)" if _PERSONAL.search(word) else word
