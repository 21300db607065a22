"""Sources that are configured and delivered, and of which erasures have left nothing.

Belongs here: finding them and saying so. Not here: erasing (``rewrite``, ``intake.forgetting``); the raw gate, which
lets such a table be empty; taking versions back when no order is left (``steps``).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from retention_pipeline.core.errors import InputRefusedError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def emptied_sources(store: DuckDBPyConnection) -> dict[str, int]:
    """Erased records of each source of which nothing else was delivered."""
    rows = store.execute(
        "SELECT source, sum(erased)::BIGINT FROM raw.deliveries WHERE status = 'accepted' AND is_current"
        " GROUP BY source HAVING sum(loaded) = 0 AND sum(erased) > 0 ORDER BY source"
    ).fetchall()
    return dict(rows)


def words_on_emptied(store: DuckDBPyConnection, configured: Collection[str]) -> list[str]:
    """A line for each optional source that erasures have emptied.

    Raises:
        InputRefusedError: No order is left, so there is nothing to compute.
    """
    emptied = emptied_sources(store)
    if "orders" in emptied:
        raise InputRefusedError(
            f"orders: nothing is left, all {emptied['orders']} records were of persons who have been erased",
            remedy="deliver orders of other customers; until then there is nothing to publish",
        )
    return [
        f"{source}: nothing is left, all {erased} records were of persons who have been erased; the numbers are"
        " those of a shop without any"
        for source, erased in emptied.items()
        if source in configured
    ]
