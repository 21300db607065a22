"""What the ledger no longer tells once somebody has been erased.

The difference between a cell before and after an erasure is what the erased person did in that period. So a row of
the ledger that says ``erasure`` has no former number, and what earlier rows said of the same cell goes too: the cell
and the cause stay, the status is ``suppressed``. Versions from before the erasure are removed for the same reason.
Belongs here: which columns are withheld. Not here: who is erased (``warehouse.erasure``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retention_pipeline.core.causes import Cause
from retention_pipeline.core.history_tables import CELL_KEY
from retention_pipeline.core.status import Status

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NUMBERS: Final = ("numerator", "denominator", "value", "n", "ci_low", "ci_high")
_SUPPRESSED: Final = f"'{Status.SUPPRESSED}'"


def withhold_before(connection: DuckDBPyConnection) -> None:
    """Take what was before out of ``ledger_rows``."""
    cleared = ", ".join(f"old_{name} = null" for name in _NUMBERS)
    connection.execute(
        f"update ledger_rows set {cleared}, old_status = case when old_status is not null then {_SUPPRESSED} end"
    )


def withheld_sql(earlier: str) -> str:
    """Earlier rows of the ledger; those of cells that this step changes by an erasure have lost their numbers.

    Args:
        earlier: A query that gives them; ``ledger_rows`` holds the rows of this step.
    """
    same_cell = " and ".join(f"fresh.{name} is not distinct from former.{name}" for name in (*CELL_KEY, "period_end"))
    is_withheld = (
        "exists (select 1 from ledger_rows as fresh where"
        f" list_contains(string_split(fresh.causes, ', '), '{Cause.ERASURE}') and {same_cell})"
    )
    replaced = [
        f"case when is_withheld then null else {side}_{name} end as {side}_{name}"
        for side in ("old", "new")
        for name in _NUMBERS
    ] + [
        f"if(is_withheld and {name} is not null, {_SUPPRESSED}, {name}) as {name}"
        for name in ("old_status", "new_status")
    ]
    marked = f"select former.*, {is_withheld} as is_withheld from ({earlier}) as former"
    return f"select * exclude (is_withheld) replace ({', '.join(replaced)}) from ({marked})"
