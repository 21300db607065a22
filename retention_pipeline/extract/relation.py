"""The relation that is read: its columns, their types, and how each is written as text without loss.

Belongs here: describing a table or query, choosing the expression for a column. Not here: reading rows (``stream``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from retention_pipeline.config import Source
from retention_pipeline.core.errors import ConfigError, InputRefusedError

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

Use = Literal["number", "timestamp", "text"]
"""What a column is read as."""

_INTEGERS = {"int2", "int4", "int8"}
_NUMBERS = _INTEGERS | {"numeric", "float4", "float8", "money"}
_TIMES = {"date", "timestamp", "timestamptz"}
_TEXT_CATEGORIES = {"S", "E"}  # text of any kind, and enumerations
CURSOR_TYPES = _TIMES


@dataclass(frozen=True)
class ColumnType:
    """A type by its name and by its category in the server's catalogue."""

    name: str
    category: str


def relation_sql(source: Source) -> sql.Composed:
    """The table or the query, as ``q``; a line break keeps a closing comment from swallowing the bracket."""
    from psycopg import sql

    if source.table is not None:
        return sql.SQL("{} as q").format(sql.Identifier(*source.table.split(".")))
    query = str(source.query).strip(" \t\r\n;")
    return sql.SQL("(\n{}\n) as q").format(sql.SQL(query))


def describe(connection: psycopg.Connection, source: Source, where: str) -> dict[str, ColumnType]:
    """Columns of the relation and their types, in order, without reading a row.

    Raises:
        ConfigError: Two columns have one name.
    """
    from psycopg import sql

    statement = sql.SQL("select * from {} limit 0").format(relation_sql(source)).as_string(connection)
    # with a parameter the server takes exactly one statement: a query cannot end the bracket and begin another one
    described = connection.execute(statement.replace("%", "%%") + " offset %s", [0]).description or []
    catalogue = "select oid, typname, typcategory from pg_type where oid = any(%s)"
    wanted = [one.type_code for one in described]
    types = {oid: ColumnType(name, category) for oid, name, category in connection.execute(catalogue, [wanted])}
    columns: dict[str, ColumnType] = {}
    for one in described:
        if one.name in columns:
            raise ConfigError(f"{where}.query: two columns are named {one.name!r}", remedy="rename one of them with AS")
        columns[one.name] = types[one.type_code]
    return columns


def has_one_spelling(kind: ColumnType, use: Use) -> bool:
    """Whether values are spelt in one way, whatever the configuration says about text."""
    if use == "timestamp":
        return kind.name in _TIMES
    return use == "number" and (kind.name in _NUMBERS or kind.name == "bool")


def as_text(name: str, kind: ColumnType, use: Use, where: str) -> sql.Composed:
    """The expression that writes a column as intake expects it.

    Raises:
        InputRefusedError: Nothing of this type can be read as what is wanted.
    """
    from psycopg import sql

    if not _fits(kind, use):
        remedy = {
            "number": "deliver it as a number: cast the column in a query",
            "timestamp": "deliver it as date, timestamp or timestamptz: cast the column in a query",
            "text": "deliver it as text or number: cast the column in a query",
        }[use]
        raise InputRefusedError(f"{where}: column {name!r} is of type {kind.name}", remedy=remedy)
    column = sql.Identifier("q", name)
    if kind.name == "bool":
        return sql.SQL("{}::int" if use == "number" else "{}::text").format(column)
    if kind.name == "money":
        return sql.SQL("{}::numeric").format(column)
    if use == "number" and kind.name in {"float4", "float8"}:
        # 139.12 summed from binary parts is 139.11999999999998: the cast keeps the 15 digits that mean something.
        # float4 has fewer than its text shows, so its text is what counts; neither writes 1e+06
        exact = "{0}::numeric" if kind.name == "float8" else "{0}::text::numeric"
        odd = "case when {0} in ('NaN', 'Infinity', '-Infinity') then {0}::text else (" + exact + ")::text end"
        return sql.SQL(odd).format(column)
    return sql.SQL("{}").format(column)


def _fits(kind: ColumnType, use: Use) -> bool:
    is_text = kind.category in _TEXT_CATEGORIES or kind.name == "uuid"
    fitting: Mapping[Use, bool] = {
        "number": kind.name in _NUMBERS or kind.name == "bool",
        "timestamp": kind.name in _TIMES | _INTEGERS,
        "text": kind.name in _NUMBERS | _TIMES or kind.name == "bool",
    }
    return is_text or fitting[use]
