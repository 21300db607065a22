"""Records of erased persons that are delivered again: counted, never stored.

Belongs here: finding them among judged records and taking them out. Not here: who has been erased (``core.erased``),
removing what was stored before (``warehouse.erasure``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from retention_pipeline.core.erased import Erased
from retention_pipeline.intake.fields import Contract
from retention_pipeline.intake.rows import STAGE, TYPED
from retention_pipeline.intake.sql import quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FORGOTTEN = "intake_forgotten"


def forget(connection: DuckDBPyConnection, contract: Contract, erased: Erased) -> Counter[int]:
    """Take the records of erased persons out of what was read.

    A record is a person's when it is of that customer, when it names nobody and is one of that customer's orders or an
    answer about one, or when it was set aside and one of its texts names the person.

    Returns:
        Per number of the file, how many records were taken out.
    """
    if not erased or "customer_id" not in contract.names:
        return Counter()
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_FORGOTTEN} (_file INTEGER, _line BIGINT)")
    _mark(connection, "customer_id", "customer_id IS NOT NULL", erased.is_person)
    if "order_id" in contract.names:
        _mark(connection, "order_id", "customer_id IS NULL AND order_id IS NOT NULL", erased.is_order)
    _mark_named(connection, contract, erased)
    counts = connection.execute(f"SELECT _file, count(*) FROM (SELECT DISTINCT * FROM {_FORGOTTEN}) GROUP BY 1")
    found = Counter({int(number): int(count) for number, count in counts.fetchall()})
    for table in (TYPED, STAGE):
        connection.execute(f"DELETE FROM {table} WHERE (_file, _line) IN (SELECT (_file, _line) FROM {_FORGOTTEN})")
    connection.execute(f"DROP TABLE {_FORGOTTEN}")
    return found


def _mark(connection: DuckDBPyConnection, column: str, where: str, is_theirs: Callable[[str], bool]) -> None:
    values = connection.execute(f"SELECT DISTINCT {column} FROM {TYPED} WHERE {where}").fetchall()
    theirs = [value for (value,) in values if is_theirs(value)]
    connection.execute(
        f"INSERT INTO {_FORGOTTEN} SELECT _file, _line FROM {TYPED} WHERE {where}"
        f" AND {column} IN (SELECT unnest(?::VARCHAR[]))",
        [theirs],
    )


def _mark_named(connection: DuckDBPyConnection, contract: Contract, erased: Erased) -> None:
    """Records that were set aside: their text would be kept, whoever it names."""
    if not erased.mentions:
        return
    cells = ", ".join(f"s.{quote(field.name)}" for field in contract.fields if field.type != "customer")
    cursor = connection.execute(
        f"SELECT s._file, s._line, {cells} FROM {STAGE} s JOIN {TYPED} t USING (_file, _line)"
        " WHERE t._problem IS NOT NULL"
    )
    named = [
        (number, line)
        for number, line, *texts in cursor.fetchall()
        if any(text is not None and erased.is_named_in(text) for text in texts)
    ]
    if named:
        files, lines = (list(column) for column in zip(*named, strict=True))
        connection.execute(
            f"INSERT INTO {_FORGOTTEN} SELECT unnest($1::INTEGER[]), unnest($2::BIGINT[])", [files, lines]
        )
