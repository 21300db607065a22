"""A query of the shop's own between a file and the contract.

Belongs here: what such a query may be, running it over the relation ``source``. Not here: reading the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from retention_pipeline.core.errors import ConfigError
from retention_pipeline.intake.csv_file import SHOWN, looks_like_record
from retention_pipeline.intake.refusal import FileRefusedError
from retention_pipeline.intake.sql import database_errors, is_out_of_space

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RELATION = "source"
RESULT = "intake_result"
LINE = "_intake_line"
"""Column of the result that holds the number of the row; files may have columns named ``_line`` and ``_file``."""


def wrapped(select: str) -> str:
    """The query as a relation in brackets; a line break keeps a closing comment from swallowing the bracket."""
    return f"(\n{select.strip().removesuffix(';')}\n)"


def check_select(connection: DuckDBPyConnection, select: str, where: str) -> None:
    """Check that ``select`` is one SELECT statement.

    Raises:
        ConfigError: It is not, or it cannot be parsed.
    """
    remedy = f"write one SELECT statement over the relation {RELATION}"
    for text in (select, f"SELECT * FROM {wrapped(select)}"):
        try:
            kinds = [statement.type.name for statement in connection.extract_statements(text)]
        except database_errors(connection) as error:
            raise ConfigError(f"{where}: {str(error).splitlines()[0]}", remedy=remedy) from None
        if kinds != ["SELECT"]:
            raise ConfigError(f"{where}: this is not one SELECT statement", remedy=remedy)


def refuse_equal_names(header: Sequence[str]) -> None:
    """A query does not tell ``Note`` from ``note``.

    Raises:
        FileRefusedError: Two names differ in capital letters alone.
    """
    counted = Counter(name.casefold() for name in header if name)
    alike = [name for name in header if counted[name.casefold()] > 1]
    if alike:
        raise FileRefusedError(
            "duplicate_column",
            "two columns differ in capital letters alone, which a select does not tell apart"
            + ("" if looks_like_record(header) else ": " + ", ".join(repr(name[:SHOWN]) for name in alike[:5])),
            "give each column a name of its own, or read this source without select",
        )


def run_select(connection: DuckDBPyConnection, select: str) -> int:
    """Run the query over the temporary relation ``source`` into the temporary table ``intake_result``.

    The result is put into the order of all its columns, so that row numbers do not depend on how it was computed.

    Returns:
        The number of rows, counted by a query of its own.

    Raises:
        FileRefusedError: The query fails on this file. The message names columns, never values.
    """
    try:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {RESULT} AS"
            f" SELECT row_number() OVER () AS {LINE}, * FROM (SELECT * FROM {wrapped(select)} ORDER BY ALL)"
        )
        row = connection.execute(f"SELECT count(*) FROM {wrapped(select)}").fetchone()
    except database_errors(connection) as error:
        if is_out_of_space(connection, error):
            raise
        kind, _, text = str(error).splitlines()[0].partition(": ")
        said = f"{kind}: {text}" if kind in {"Binder Error", "Catalog Error"} else kind
        raise FileRefusedError("select_failed", said, "correct the select of this source, or the file") from None
    return int(row[0]) if row else 0
