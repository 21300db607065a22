"""The reader of Parquet files and of query results: by name and type, turned into text without loss.

Belongs here: what each type looks like as text. Not here: turning text into values (``casting``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from retention_pipeline.intake.fields import Field
from retention_pipeline.intake.refusal import FileRefusedError
from retention_pipeline.intake.select import RELATION
from retention_pipeline.intake.sql import database_errors, exact_path, is_out_of_space, literal, one, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NUMBERS = ("DECIMAL", "DOUBLE", "FLOAT", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT",
            "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "BOOLEAN")  # fmt: skip
_DATES = ("DATE", "TIMESTAMP")
_FRACTIONS = ("DOUBLE", "FLOAT")
_IDS = frozenset({"text", "customer"})
MAX_RECORDS = 100_000_000
"""A file of a few kilobytes can claim any number of equal rows."""
_TEXTS = ("VARCHAR", "ENUM", "UUID")
_NOISE_DIGITS = 5
"""So many decimals behind the last that counts, a binary fraction is noise of its representation."""


def open_parquet(connection: DuckDBPyConnection, path: Path) -> int:
    """Make a Parquet file the temporary relation ``source``.

    Returns:
        The number of rows by the file's own account.

    Raises:
        FileRefusedError: Empty or damaged.
    """
    if not path.stat().st_size:
        raise FileRefusedError("empty_file", "the file has no bytes", "deliver it again")
    where = literal(exact_path(path))
    try:
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {RELATION} AS SELECT * FROM read_parquet({where}, hive_partitioning = false)"
        )
        counted = one(connection, f"SELECT coalesce(sum(num_rows), 0)::BIGINT FROM parquet_file_metadata({where})")
    except database_errors(connection) as error:
        if is_out_of_space(connection, error):
            raise
        raise damaged() from None
    records = int(str(counted[0]))
    if records > MAX_RECORDS:
        raise FileRefusedError(
            "too_many_records", f"the file claims {records} records, the limit is {MAX_RECORDS}", "deliver it in parts"
        )
    return records


def int96_columns(connection: DuckDBPyConnection, path: Path) -> frozenset[str]:
    """Columns of the old timestamp type, which cannot say whether it holds an instant or a local time."""
    query = f"SELECT name FROM parquet_schema({literal(exact_path(path))}) WHERE type = 'INT96'"
    return frozenset(str(name) for (name,) in connection.execute(query).fetchall())


def refuse_int96(columns: Mapping[Field, str], names: Collection[str], source: str) -> None:
    """Ask for the time zone of INT96 timestamps; some programs write UTC into them, others local time.

    Args:
        columns: Where each contract column is found.
        names: Columns that hold such timestamps, or were made from them without saying so.
        source: Name of the source.

    Raises:
        FileRefusedError: A timestamp comes from one of them.
    """
    for field, name in columns.items():
        if field.type in {"timestamp", "date"} and name in names:
            raise FileRefusedError(
                "zone_unknown",
                f"column {name!r} (for {field.name}) holds INT96 timestamps, which do not say whether they are UTC",
                f'write timezone = "UTC" (Spark, Hive, Impala) or the zone of the program under [sources.{source}]',
            )


def damaged() -> FileRefusedError:
    """The refusal of a Parquet file that cannot be read."""
    return FileRefusedError("damaged_file", "this is not a readable Parquet file", "deliver the file again")


def column_types(connection: DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Columns of a relation and their types, in order."""
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE {relation}").fetchall()}


def has_one_spelling(field: Field, kind: str) -> bool:
    """Whether values of this type are spelt in one way, whatever the configuration says about text."""
    if field.type in {"timestamp", "date"}:
        return kind.startswith(_DATES)
    return field.type in {"decimal", "score"} and kind.startswith(_NUMBERS)


def append_typed(
    connection: DuckDBPyConnection,
    number: int,
    relation: str,
    line: str,
    columns: Mapping[Field, str],
    types: Mapping[str, str],
    into: str,
) -> None:
    """Append a relation to ``into`` (_file, _line, one column per entry) as text.

    Raises:
        FileRefusedError: A column has a type that no contract column can hold, or reading fails.
    """
    cells = ", ".join(_as_text(source, types[source], field) for field, source in columns.items())
    names = ", ".join(quote(field.name) for field in columns)
    try:
        connection.execute(
            f"INSERT INTO {into} (_file, _line, {names}) SELECT ?, {line}, {cells} FROM {relation}", [number]
        )
    except database_errors(connection) as error:
        if is_out_of_space(connection, error):
            raise
        raise damaged() from None


def _as_text(name: str, kind: str, field: Field) -> str:
    column = quote(name)
    is_number = kind.startswith(_NUMBERS)
    wants_number = field.type in {"decimal", "score"}
    if not (is_number or kind.startswith(_DATES + _TEXTS)) or kind.endswith("[]"):
        raise FileRefusedError(
            "wrong_type", f"column {name!r} (for {field.name}) is of type {kind}", "deliver it as text or number"
        )
    if field.type in _IDS and kind.startswith(_FRACTIONS):
        raise FileRefusedError(
            "wrong_type",
            f"column {name!r} (for {field.name}) is of type {kind}: 1 would become another id, 1.0",
            "deliver it as text or whole number",
        )
    if field.type in {"timestamp", "date"} and is_number and not (field.type == "timestamp" and kind.endswith("INT")):
        raise FileRefusedError(
            "wrong_type", f"column {name!r} (for {field.name}) is of type {kind}", "deliver it as a timestamp or text"
        )
    if wants_number and kind.startswith(_DATES):
        raise FileRefusedError(
            "wrong_type", f"column {name!r} (for {field.name}) is of type {kind}", "deliver it as a number"
        )
    if wants_number and kind == "BOOLEAN":
        return f"CAST(CAST({column} AS INTEGER) AS VARCHAR)"
    if wants_number and kind == "DOUBLE":
        # 139.12 summed from binary parts is 139.11999999999998: noise of the representation is no decimal of the value
        decimal = f"try_cast({column} AS DECIMAL(18,{field.decimals}))"
        noise = f"1e-{field.decimals + _NOISE_DIGITS}"
        is_close = f"abs({column} - {decimal}) <= {noise} * greatest(1, abs({column}) / 1e6)"
        return f"CASE WHEN {is_close} THEN CAST({decimal} AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
    return f"CAST({column} AS VARCHAR)"
