"""The shop's own totals beside the published ones, the difference split by named cause.

Belongs here: the table of reconciled totals. Not here: which causes the shop's totals evidently hold
(``reconciliation_search``), how large each can be (``fct_control_total``).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import pandas as pd

from retention_pipeline.core.status import Status
from retention_pipeline.core.tables import Column, Table
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.reconciliation_parts import (
    CURRENCY_BASIS,
    GROUPS,
    REFUND_BASIS,
    TIME_BASIS,
    WAYS,
    Total,
    named_groups,
    read_totals,
    way_of,
)
from retention_pipeline.metrics.reconciliation_search import Choice, choose

_OWN: Final = "What the cause adds: in the shop's way of counting where explained_by names it, else on its own."
_MONEY: Final = "DECIMAL(38,4)"
NOTHING: Final = "nothing"
SHOWN: Final = 5
"""Remainders that are warned about one by one."""

RECONCILIATION: Final = Table(
    "metrics", "reconciliation",
    "One row per total of the shop's own books, beside the published one and what explains the difference.",
    ("measure", "grain", "period_start"),
    (
        Column("measure", "VARCHAR", "orders, revenue_gross, refunds or revenue_net."),
        Column("grain", "VARCHAR", "Length of the period: day, week, month, quarter or year."),
        Column("calendar", "VARCHAR", "Calendar the period belongs to."),
        Column("period_start", "DATE", "First day of the period."),
        Column("period_end", "DATE", "First day after the period."),
        Column("control", _MONEY, "What the shop's own books say."),
        Column("published", _MONEY, "What is published: valid orders of known customers, in the shop's days."),
        Column("difference", _MONEY, "control - published."),
        Column("no_customer", _MONEY, f"Valid orders of guests. {_OWN}", nullable=True),
        Column("excluded_status", _MONEY, f"Orders of a status that is no purchase. {_OWN}", nullable=True),
        Column("non_positive_amount", _MONEY, f"Orders worth no more than the minimum. {_OWN}", nullable=True),
        Column("no_fx_rate", _MONEY, f"Orders without an exchange rate. {_OWN}", nullable=True),
        Column("quarantine", _MONEY, f"Order records that were set aside. {_OWN}", nullable=True),
        Column("time_basis", _MONEY, f"Days cut in UTC instead of the shop's zone. {_OWN}", nullable=True),
        Column("refund_basis", _MONEY, f"Refunds on their own day instead of the order's. {_OWN}", nullable=True),
        Column("currency_basis", _MONEY, f"Foreign amounts added up unconverted. {_OWN}", nullable=True),
        Column("explained_by", "VARCHAR", "The causes that the shop's totals of this measure hold; or nothing."),
        Column("chosen_by", "VARCHAR", "How they were found: configuration, search or too_few_periods."),
        Column("remainder", _MONEY, "The difference less these causes; NULL where one is not known.", nullable=True),
        Column("remainder_share", "DOUBLE", "remainder / control; NULL where either is not there.", nullable=True),
        Column("unreadable_count", "BIGINT", "Orders set aside whose amount cannot be read: possible causes, too."),
        Column("status", "VARCHAR", "final, or provisional until the period and its grace have been delivered."),
    ),
)  # fmt: skip


def reconcile(parts: pd.DataFrame, context: MetricContext) -> pd.DataFrame:
    """Explain each total of the shop's books from what is published.

    Args:
        parts: ``fct_control_total``, its amounts as text.
        context: ``control_includes`` fixes the causes; without it they are searched for, measure by measure.

    Returns:
        The columns of ``RECONCILIATION`` in order, sorted by its key. Always
        ``control = published + the causes in explained_by + remainder``, exactly.
    """
    totals = read_totals(parts)
    rows = []
    for measure in sorted({total.measure for total in totals}):
        of_measure = [total for total in totals if total.measure == measure]
        choice = choose(of_measure, context.control_includes)
        rows += [_row(total, choice) for total in of_measure]
    rows.sort(key=lambda row: tuple(str(row[name]) for name in RECONCILIATION.key))
    return pd.DataFrame(rows, columns=list(RECONCILIATION.column_names))


def unexplained(reconciled: pd.DataFrame, tolerance: float) -> list[str]:
    """Sentences about final totals whose remainder is a larger share than ``tolerance``, the newest first."""
    remainder = pd.to_numeric(reconciled["remainder"]).fillna(0)
    share = reconciled["remainder_share"].astype("float64").abs()
    beyond = (share > tolerance) | (share.isna() & (remainder != 0))
    found = reconciled[beyond & (reconciled["status"] == Status.FINAL)].sort_values("period_start", ascending=False)
    said = [
        f"control_totals: {measure} of the {grain} from {start:%Y-%m-%d}: the books say {float(control):.2f},"
        f" {float(rest):+.2f} of it explained by no cause"
        for measure, grain, start, control, rest in zip(
            *(found[name].head(SHOWN) for name in ("measure", "grain", "period_start", "control", "remainder")),
            strict=True,
        )
    ]
    more = len(found) - len(said)
    return [*said, *([f"control_totals: {more} more totals differ; `retention reconcile` shows them"] if more else [])]


def _row(total: Total, choice: Choice) -> dict[str, object]:
    way = way_of(choice.causes)
    published, counted = total.published[0], total.published[way]
    held = named_groups(choice.causes, total.groups)
    pieces = [counted, *(total.groups[name][way] for name in held)]
    remainder = None if None in pieces else total.control - sum(piece for piece in pieces if piece is not None)
    is_open = not total.is_final or (TIME_BASIS in choice.causes and counted is None)
    return {
        "measure": total.measure,
        "grain": total.grain,
        "calendar": total.calendar,
        "period_start": total.period_start,
        "period_end": total.period_end,
        "control": _text(total.control),
        "published": _text(published),
        "difference": _text(total.control - (published or 0)),
        **{name: _text(_of_group(total, name, held, way)) for name in GROUPS},
        **{name: _text(value) for name, value in _of_ways(total, choice.causes).items()},
        "explained_by": ", ".join(choice.causes) or NOTHING,
        "chosen_by": choice.chosen_by,
        "remainder": _text(remainder),
        "remainder_share": None if remainder is None or total.control == 0 else remainder / total.control,
        "unreadable_count": total.unreadable,
        "status": str(Status.PROVISIONAL if is_open else Status.FINAL),
    }


def _of_group(total: Total, name: str, held: Sequence[str], way: int) -> int | None:
    """A group as the shop counts it; of several statuses those that it holds, else all."""
    members = named_groups([name], total.groups)
    wanted = [member for member in members if member in held] or members
    amounts = [total.groups[member][way] for member in wanted]
    return None if None in amounts else sum(amount for amount in amounts if amount is not None)


def _of_ways(total: Total, causes: Sequence[str]) -> dict[str, int | None]:
    """What each way of counting adds: one after the other where it is held, else by itself."""
    found: dict[str, int | None] = {}
    before = 0
    for name in (TIME_BASIS, REFUND_BASIS, CURRENCY_BASIS):
        bit = WAYS[name]
        start = before if name in causes else 0
        after, earlier = total.published[start | bit], total.published[start]
        found[name] = None if after is None or earlier is None else after - earlier
        before |= bit if name in causes else 0
    return found


def _text(units: int | None) -> str | None:
    return None if units is None else f"{Decimal(units).scaleb(-4):f}"
