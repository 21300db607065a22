"""What the web interface shows of a table: row count and its first rows.

Belongs here: asset metadata. Not here: whatever leads to a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from retention_pipeline.warehouse.build import Inputs, Record

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ROWS = 5
OF_PERSONS = frozenset({"customer_id", "order_id", "feedback_id", "subscription_id", "ticket_id", "record"})
"""Columns that lead to a person, if only by a keyed hash; Dagster keeps what it is shown for good."""


def table_metadata(connection: DuckDBPyConnection, qualified: str) -> dict[str, Any]:
    """Row count and a Markdown preview of ``schema.table``, the columns that lead to a person left out.

    The rows of a view are not counted: that would compute them.
    """
    described = connection.execute(f"describe {qualified}").fetchall()
    shown = ", ".join(f'"{name}"' for name, *_ in described if name not in OF_PERSONS)
    cursor = connection.execute(f"select {shown or 'null as nothing_to_show'} from {qualified} limit {ROWS}")
    columns = [column[0] for column in cursor.description or ()]
    preview = {"preview": dg.MetadataValue.md(markdown_table(columns, cursor.fetchall()))}
    if _is_view(connection, qualified):
        return preview
    return {
        "dagster/row_count": int(connection.execute(f"select count(*) from {qualified}").fetchall()[0][0]),
        **preview,
    }


def _is_view(connection: DuckDBPyConnection, qualified: str) -> bool:
    found = (
        "select 1 from duckdb_views() where database_name = current_database() and schema_name = ? and view_name = ?"
    )
    return connection.execute(found, qualified.split(".")).fetchone() is not None


def run_metadata(inputs: Inputs, seconds: float, record: Record | None = None) -> dict[str, Any]:
    """What every asset says about its run: the window of deliveries it is a function of, and how long it took.

    A record of another run says that its tables, made from the same inputs, were kept.
    """
    through = inputs.data_through.get("orders")
    is_kept = record is not None and record.inputs.run_id != inputs.run_id
    return {
        **({"kept": "built from the same inputs before"} if is_kept else {}),
        "as_of": inputs.as_of.isoformat(),
        "window": f"deliveries known by {inputs.as_of}; orders complete through {through or 'no day yet'}",
        "seconds": round(seconds, 3),
    }


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows as a Markdown table; NULL is left blank."""
    lines = [f"| {' | '.join(columns)} |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join("" if cell is None else _cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(cell: object) -> str:
    return str(cell).replace("|", "\\|").replace("\n", " ")
