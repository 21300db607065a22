"""Two steps around the statement that judges records: what it must know of each file, and writing what it accepted.

Belongs here: their SQL. Not here: the statement itself (``rows``), the batch they are steps of (``load``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from retention_pipeline.intake import casting
from retention_pipeline.intake.fields import Contract
from retention_pipeline.intake.rows import FILES, TYPED
from retention_pipeline.intake.sql import quote
from retention_pipeline.intake.stored import stored_values

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FileRow = tuple[int, str, str, dt.date | None, dt.date, bool, dt.date | None]
"""Number, delivery, path, business date, first day in the future, whether there is a word column, known until."""


def list_files(connection: DuckDBPyConnection, zone: str, rows: Sequence[FileRow]) -> None:
    """Write ``intake_files``: what the statement over the records needs to know of each file."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {FILES} (_file INTEGER, _delivery VARCHAR, _path VARCHAR, _date DATE,"
        " _too_late TIMESTAMP, _has_word BOOLEAN, _until DATE)"
    )
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(7)]
    connection.execute(
        f"INSERT INTO {FILES} SELECT * REPLACE ({casting.to_utc('CAST(_5 AS TIMESTAMP)', zone)} AS _5) FROM ("
        " SELECT unnest($1::INTEGER[]) AS _1, unnest($2::VARCHAR[]) AS _2, unnest($3::VARCHAR[]) AS _3,"
        " unnest($4::DATE[]) AS _4, unnest($5::DATE[]) AS _5, unnest($6::BOOLEAN[]) AS _6,"
        " unnest($7::DATE[]) AS _7)",
        columns,
    )


def insert_records(connection: DuckDBPyConnection, contract: Contract, without: str = "") -> None:
    """Write the judged records that nothing is wrong with; ``without`` is a join that leaves some out."""
    values = stored_values(contract)
    values |= {"known_date": "_known", "delivery_id": "_delivery", "line": "_line"}
    listed = ", ".join(f"{value} AS {quote(name)}" for name, value in values.items())
    connection.execute(
        f"INSERT INTO {contract.table.qualified} BY NAME SELECT {listed} FROM {TYPED}"
        f" JOIN {FILES} USING (_file) {without} WHERE _problem IS NULL"
    )
