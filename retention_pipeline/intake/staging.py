"""Files of one batch to one table of text.

Belongs here: which reader takes which file. Not here: the readers themselves, values, the store.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from retention_pipeline.config import Settings
from retention_pipeline.intake import read_parquet
from retention_pipeline.intake.casting import MAX_LENGTH
from retention_pipeline.intake.csv_file import CsvFile, examine_csv
from retention_pipeline.intake.delivery import Delivery, unreadable
from retention_pipeline.intake.fields import Contract
from retention_pipeline.intake.mapping import bind
from retention_pipeline.intake.read_csv import read_plain
from retention_pipeline.intake.read_exact import BrokenRow, read_exactly
from retention_pipeline.intake.refusal import FileRefusedError
from retention_pipeline.intake.rows import STAGE
from retention_pipeline.intake.select import LINE, RELATION, RESULT, refuse_equal_names, run_select
from retention_pipeline.intake.sql import is_out_of_space, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_LINES = "intake_lines"


class Staging:
    """Reads the files of a batch into ``intake_stage`` (_file, _line, one text column per contract column)."""

    def __init__(self, connection: DuckDBPyConnection, settings: Settings, contract: Contract, scratch: Path) -> None:
        self._connection = connection
        self._contract = contract
        self._source = settings.sources.configured()[contract.source]
        self._scratch = scratch
        self._queue: dict[int, CsvFile] = {}

    def stage(self, deliveries: Sequence[Delivery]) -> None:
        """Read all files that are not refused yet; one that cannot be read carries its refusal afterwards."""
        columns = ", ".join(f"{quote(name)} VARCHAR" for name in self._contract.names)
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {STAGE} (_file INTEGER, _line BIGINT, {columns})")
        for number, delivery in enumerate(deliveries):
            if delivery.refusal is not None:
                continue
            with self._refusing(delivery):
                self._open(number, delivery)
        self._read_queue(deliveries)

    @contextlib.contextmanager
    def _refusing(self, delivery: Delivery) -> Iterator[None]:
        """Let what goes wrong with a file be its refusal."""
        try:
            yield
        except FileRefusedError as refusal:
            delivery.refuse(refusal)
        except OSError as error:
            if is_out_of_space(self._connection, error):
                raise
            delivery.refuse(unreadable(error))

    def _open(self, number: int, delivery: Delivery) -> None:
        if self._source.select is not None:
            self._open_select(number, delivery, self._source.select)
        elif self._source.format == "parquet":
            delivery.records = read_parquet.open_parquet(self._connection, delivery.found.path)
            self._append(number, delivery, RELATION, "row_number() OVER ()", self._unzoned(delivery))
        else:
            file = self._examine(number, delivery)
            self._bind(delivery, file.header)
            self._queue[number] = file

    def _examine(self, number: int, delivery: Delivery) -> CsvFile:
        file = examine_csv(delivery.found.path, self._source, self._scratch / f"utf8_{number}.csv")
        delivery.records = file.records
        return file

    def _bind(self, delivery: Delivery, header: Sequence[str]) -> dict[str, str]:
        delivery.header = tuple(header)
        delivery.binding = bind(self._contract, self._source, header)
        return delivery.binding.columns

    def _unzoned(self, delivery: Delivery) -> frozenset[str]:
        """Columns whose time zone nobody has named and the file cannot say."""
        if self._source.timezone is not None:
            return frozenset()
        return read_parquet.int96_columns(self._connection, delivery.found.path)

    def _append(
        self, number: int, delivery: Delivery, relation: str, line: str, unzoned: frozenset[str] = frozenset()
    ) -> None:
        types = read_parquet.column_types(self._connection, relation)
        bound = self._bind(delivery, [name for name in types if name != LINE])
        columns = {field: bound[field.name] for field in self._contract.fields if field.name in bound}
        if unzoned and relation == RESULT:  # nobody can tell what a query made of them, but for its type
            unzoned = frozenset(name for name, kind in types.items() if kind == "TIMESTAMP")
        read_parquet.refuse_int96(columns, unzoned, self._contract.source)
        delivery.typed = frozenset(
            field.name for field, name in columns.items() if read_parquet.has_one_spelling(field, types[name])
        )
        read_parquet.append_typed(self._connection, number, relation, line, columns, types, STAGE)

    def _open_select(self, number: int, delivery: Delivery, select: str) -> None:
        broken: list[BrokenRow] = []
        unzoned: frozenset[str] = frozenset()
        try:
            if self._source.format == "parquet":
                read_parquet.open_parquet(self._connection, delivery.found.path)
                unzoned = self._unzoned(delivery)
            else:
                broken = self._csv_relation(self._examine(number, delivery))
            delivery.records = run_select(self._connection, select) + len(broken)
            self._append(number, delivery, RESULT, LINE, unzoned)
        finally:  # they hold text of the file, customer ids included
            self._connection.execute(
                f"DROP TABLE IF EXISTS {RESULT}; DROP VIEW IF EXISTS {RELATION}; DROP TABLE IF EXISTS {_LINES}"
            )
        delivery.broken = broken

    def _csv_relation(self, file: CsvFile) -> list[BrokenRow]:
        """All named columns of a CSV file as text, as the temporary relation ``source``."""
        refuse_equal_names(file.header)
        columns = {f"c{position}": name for position, name in enumerate(file.header) if name}
        listed = ", ".join(f"{column} VARCHAR" for column in columns)
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {_LINES} (_file INTEGER, _line BIGINT, {listed})")
        delimiter = self._source.delimiter
        broken: list[BrokenRow] = []
        if not (file.is_plain and read_plain(self._connection, {0: file}, columns, delimiter, _LINES)):
            broken = read_exactly(self._connection, 0, file, columns, delimiter, _LINES, self._scratch)
        found = self._connection.execute(f"SELECT count(*) FROM {_LINES}").fetchall()[0][0]
        if found + len(broken) != file.records:
            raise count_mismatch(file.records, found + len(broken))
        named = ", ".join(f"{column} AS {quote(name)}" for column, name in columns.items())
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {RELATION} AS SELECT {named} FROM {_LINES}")
        return broken

    def _read_queue(self, deliveries: Sequence[Delivery]) -> None:
        """Plain files with the same header and line ends go together; whatever is left goes one by one."""
        groups: dict[tuple[tuple[str, ...], str], dict[int, CsvFile]] = defaultdict(dict)
        for number, file in self._queue.items():
            if file.is_plain:
                groups[file.header, file.newline][number] = file
        done: set[int] = set()
        delimiter = self._source.delimiter
        for files in groups.values():
            columns = deliveries[next(iter(files))].binding
            if columns is not None:
                done |= read_plain(self._connection, files, columns.columns, delimiter, STAGE)
        for number, file in self._queue.items():
            binding = deliveries[number].binding
            if number not in done and binding is not None:
                with self._refusing(deliveries[number]):
                    deliveries[number].broken = read_exactly(
                        self._connection, number, file, binding.columns, delimiter, STAGE, self._scratch,
                        longest=MAX_LENGTH + 1,
                    )  # fmt: skip
        for number, file in self._queue.items():
            if file.text_path != deliveries[number].found.path:
                file.text_path.unlink()


def count_mismatch(expected: int, found: int) -> FileRefusedError:
    """The refusal of a file whose records do not add up."""
    return FileRefusedError(
        "record_count_mismatch",
        f"the file holds {expected} records by its bytes, but {found} were read",
        "look for quotes and line ends out of place, and deliver the file again",
        records=expected,
    )


def unsound(delivery: Delivery) -> FileRefusedError | None:
    """Why a file that has been read cannot be taken in after all."""
    counts = delivery.counts
    found = counts.loaded + counts.quarantined + counts.suppressed + counts.erased
    if found != delivery.records:
        return count_mismatch(delivery.records, found)
    if delivery.has_changed:
        return FileRefusedError("changed_while_reading", "the file was written to meanwhile", "run again")
    return None
