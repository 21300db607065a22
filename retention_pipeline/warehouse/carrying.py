"""The schema ``changes`` of the build file: what an incremental build remembers of its base and of its own changes.

Belongs here: making it ready, clearing it away, counting. Not here: whether a build may be incremental (``base``), what
becomes of each table (the dbt project, ``macros/engine/carrying``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_REMEMBERED = ("tables", "visible__")
"""Names (or how they begin) of what the next build needs; all other tables are of one run."""

MOST_TOUCHED = 0.2
"""Share of the customers beyond which patching costs more than building anew."""


def prepare(build: DuckDBPyConnection) -> None:
    """Forget what the run before touched; to be called before the first table is changed."""
    clear(build)
    build.execute(
        "CREATE TABLE changes.customers (customer_id VARCHAR PRIMARY KEY);"
        " CREATE TABLE changes.periods (grain VARCHAR, period_start DATE, PRIMARY KEY (grain, period_start))"
    )


def clear(build: DuckDBPyConnection) -> None:
    """Drop what only one run needed."""
    for (name,) in build.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'changes' AND database_name = current_database()"
    ).fetchall():
        if not str(name).startswith(_REMEMBERED):
            build.execute(f'DROP TABLE changes."{name}"')


def touched(build: DuckDBPyConnection) -> tuple[int, int]:
    """How many customers were touched, and how many there are (by their orders)."""
    row = build.execute(
        "SELECT (SELECT count(*) FROM changes.customers), (SELECT count(DISTINCT customer_id) FROM staging.stg_orders)"
    ).fetchone()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


def too_much(build: DuckDBPyConnection, run: str) -> str | None:
    """Why the facts are better built anew although staging was carried on; None when they are not."""
    row = build.execute("SELECT state FROM changes.tables WHERE name = 'stg_orders' AND run = ?", [run]).fetchone()
    if row is None or row[0] == "rebuilt":
        return "a large part of the orders was delivered anew"
    customers, known = touched(build)
    return f"{customers:,} of {known:,} customers were touched" if customers > MOST_TOUCHED * known else None


def states(build: DuckDBPyConnection, run: str) -> dict[str, int]:
    """How many tables were kept, patched, grown and rebuilt by a run."""
    rows = build.execute("SELECT state, count(*) FROM changes.tables WHERE run = ? GROUP BY state", [run]).fetchall()
    return {str(state): int(count) for state, count in rows}
