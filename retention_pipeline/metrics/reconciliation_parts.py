"""What a total of the shop's books can consist of: groups of orders, each counted in eight ways.

Belongs here: names of causes, reading ``fct_control_total``. Not here: choosing causes (``reconciliation_search``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import pandas as pd

TIME_BASIS: Final = "time_basis"
REFUND_BASIS: Final = "refund_basis"
CURRENCY_BASIS: Final = "currency_basis"
WAYS: Final = {CURRENCY_BASIS: 1, REFUND_BASIS: 2, TIME_BASIS: 4}
"""Ways of counting by the bit each sets in the number of a column of :data:`AMOUNTS`."""
AMOUNTS: Final = (
    "amount", "amount_nominal", "amount_by_refund_date", "amount_by_refund_date_nominal",
    "amount_utc", "amount_utc_nominal", "amount_utc_by_refund_date", "amount_utc_by_refund_date_nominal",
)  # fmt: skip
EXCLUDED: Final = "excluded_status"
GROUPS: Final = ("no_customer", EXCLUDED, "non_positive_amount", "no_fx_rate", "quarantine")
"""Groups of orders that are not published; the excluded statuses are one group each, ``status_<status>``."""
_STATUS: Final = "status_"
_PUBLISHED: Final = "published"
Ways = tuple[int | None, ...]
"""An amount in ten-thousandths in each way of counting; None where it is not known."""


@dataclass(frozen=True)
class Total:
    """One total of the shop's books, money in ten-thousandths."""

    calendar: str
    grain: str
    period_start: dt.date
    period_end: dt.date
    measure: str
    control: int
    is_complete: bool
    is_final: bool
    published: Ways
    groups: Mapping[str, Ways]
    unreadable: int

    @property
    def is_evidence(self) -> bool:
        """Whether everything the pipeline publishes about the period is known in every way of counting."""
        return self.is_complete and None not in self.published


def read_totals(parts: pd.DataFrame) -> list[Total]:
    """The totals in the rows of ``fct_control_total``, in order of their key."""
    key = ["measure", "grain", "period_start"]
    totals = []
    for _, rows in parts.sort_values([*key, "component"], kind="stable").groupby(key, sort=True):
        ways = {str(row["component"]): tuple(_units(row[name]) for name in AMOUNTS) for _, row in rows.iterrows()}
        first = rows.iloc[0]
        totals.append(
            Total(
                calendar=str(first["calendar"]),
                grain=str(first["grain"]),
                period_start=pd.Timestamp(first["period_start"]).date(),
                period_end=pd.Timestamp(first["period_end"]).date(),
                measure=str(first["measure"]),
                control=_units(first["control_value"]) or 0,
                is_complete=bool(first["is_complete"]),
                is_final=bool(first["is_final"]),
                published=ways.pop(_PUBLISHED),
                groups=ways,
                unreadable=int(rows["unreadable_count"].sum()),
            )
        )
    return totals


def named_groups(causes: Sequence[str], groups: Iterable[str]) -> list[str]:
    """The groups that causes name; ``excluded_status`` names every excluded status."""
    wanted = set(causes)
    return [name for name in in_order(groups) if name in wanted or (EXCLUDED in wanted and name.startswith(_STATUS))]


def in_order(causes: Iterable[str]) -> list[str]:
    """Causes in the order they are told: groups of orders, then ways of counting."""
    places = {name: place for place, name in enumerate((*GROUPS, TIME_BASIS, REFUND_BASIS, CURRENCY_BASIS))}
    return sorted(set(causes), key=lambda name: (places[EXCLUDED if name.startswith(_STATUS) else name], name))


def way_of(causes: Iterable[str]) -> int:
    """The number of the way of counting that causes come to."""
    return sum(WAYS[name] for name in set(causes) & WAYS.keys())


def _units(text: object) -> int | None:
    return int(Decimal(text).scaleb(4)) if isinstance(text, str) else None
