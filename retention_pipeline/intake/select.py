"""A query of the shop's own between a file and the contract.

Belongs here: what such a query may be, running it over the relation ``source``. Not here: reading the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_pipeline.core.errors import ConfigError
from retention_pipeline.intake.refusal import FileRefusedError
from retention_pipeline.intake.sql import database_errors, is_out_of_space

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RELATION = "source"
RESULT = "intake_result"


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
            f" SELECT row_number() OVER () AS _line, * FROM (SELECT * FROM {wrapped(select)} ORDER BY ALL)"
        )
        row = connection.execute(f"SELECT count(*) FROM {wrapped(select)}").fetchone()
    except database_errors(connection) as error:
        if is_out_of_space(connection, error):
            raise
        kind, _, text = str(error).splitlines()[0].partition(": ")
        said = f"{kind}: {text}" if kind in {"Binder Error", "Catalog Error"} else kind
        raise FileRefusedError("select_failed", said, "correct the select of this source, or the file") from None
    return int(row[0]) if row else 0
