"""Into how many parts the customers are divided while facts are built, so that a part fits into memory.

Belongs here: that number. Not here: how a model is built by parts (``dbt_project/macros/engine/slices.sql``).
"""

from __future__ import annotations

from retention_pipeline.core.home import Home
from retention_pipeline.core.memory import memory_bytes
from retention_pipeline.warehouse.store import open_store, order_records

ORDER_BYTES = 800
"""Memory that the largest model takes for each order record (measured at 10 million: 8 GB)."""
MOST = 64
"""More parts would cost more in reading their inputs than they save."""


def slices(home: Home) -> int:
    """How many parts of the customers are worked on one after the other; 1 where all of them fit into memory."""
    with open_store(home, read_only=True) as store:
        return min(MOST, 1 + order_records(store) * ORDER_BYTES // memory_bytes())
