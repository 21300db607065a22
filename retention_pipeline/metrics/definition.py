"""What a metric is, apart from how it is computed.

Belongs here: the shape of a definition and its vocabulary. Not here: the definitions (each stands in the module of its
family, beside its formula) and their collection (``registry``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Unit: TypeAlias = Literal[
    "fraction",
    "customers",
    "orders",
    "money",
    "orders_per_customer",
    "answers",
    "points",
    "ratio",
    "tickets",
    "tickets_per_customer",
    "hours",
    "days",
    "years",
    "periods",
]

PURCHASE_WINDOW: Final = "purchase_window"
CALENDAR: Final = "calendar"
SUBSCRIPTION: Final = "subscription"
EVERY_BASIS: Final = (PURCHASE_WINDOW, CALENDAR, SUBSCRIPTION)
SPELL_BASES: Final = (PURCHASE_WINDOW, SUBSCRIPTION)
MONEY_BASES: Final = (CALENDAR, SUBSCRIPTION)
ON_CALENDAR: Final = (CALENDAR,)
ON_PURCHASE_WINDOW: Final = (PURCHASE_WINDOW,)
ANY_SCALE: Final = "scale_*"

PERIOD_RULE: Final = (
    "final once every day of the period, and of final_grace_days after it, has been delivered, provisional before"
)
ANSWER_RULE: Final = PERIOD_RULE + "; source_absent where the shop delivers no such answers"


@dataclass(frozen=True, kw_only=True)
class MetricDefinition:
    """One named variant of one metric; ``metric.variant`` is unique in the registry.

    Attributes:
        metric: Name of the quantity.
        variant: Which of its definitions; ``standard`` when there is one.
        family: The table it is published in.
        meaning: One sentence for a reader who does not know the formula.
        formula: The computation in words, over the columns of the facts.
        source: Where the definition comes from; the letters are explained in ``registry.SOURCES``.
        unit: What the value is measured in.
        bases: Values of the column ``basis`` under which it is published (``scale_*``: the scale of the answers).
        interval: How the 95 % interval is computed, or None where there is no standard one.
        is_additive: Whether values may be summed over periods and segments.
        has_assumptions: Whether its rows state a horizon, discounting or margin basis in ``assumptions``.
        totals_only: Whether it exists for ``segment_set = 'all'`` only.
        has_control_limits: Whether its totals are judged by the periods before: a share of cases, for each of which the
            period decides anew.
        maturity: When a value becomes final.
        version: Raised when the formula changes, so that a changed number can be told from a changed definition.
        owner: Who answers questions about it.
    """

    metric: str
    family: str
    meaning: str
    formula: str
    source: str
    unit: Unit
    variant: str = "standard"
    bases: tuple[str, ...] = ON_CALENDAR
    interval: str | None = None
    is_additive: bool = False
    has_assumptions: bool = False
    totals_only: bool = False
    has_control_limits: bool = False
    maturity: str = PERIOD_RULE
    version: int = 1
    owner: str = "retention analytics"

    @property
    def name(self) -> str:
        """``metric.variant``."""
        return f"{self.metric}.{self.variant}"

    @property
    def column(self) -> str:
        """The column that holds the value in the wide table of the family."""
        return self.metric if self.variant == "standard" else f"{self.metric}__{self.variant}"
