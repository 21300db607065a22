"""Cut points of recency, frequency and money, proposed from the customers as they are now.

Belongs here: the proposal. Not here: scoring by cut points (dbt), where they are frozen (the configuration).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from retention_pipeline.metrics.intervals import Floats

SHARES: Final = (0.2, 0.4, 0.6, 0.8)
WINDOW_DAYS: Final = 365


@dataclass(frozen=True)
class CutPoints:
    """Four ascending cuts each; a customer scores 1 to 5 by how many of them are passed."""

    recency_days: tuple[float, ...]
    frequency: tuple[float, ...]
    monetary: tuple[float, ...]


def propose(recency_days: Floats, frequency: Floats, monetary: Floats) -> CutPoints:
    """Cut customers into fifths, as far as equal values allow.

    Recency is cut over everybody; frequency and money over those who ordered within the window, since the others are
    alike in both.

    Args:
        recency_days: Days since the last order, one per customer.
        frequency: Orders within the window.
        monetary: Net revenue within the window.

    Raises:
        ValueError: Nobody ordered within the window.
    """
    active = frequency > 0
    if not active.any():
        raise ValueError(f"nobody has ordered within {WINDOW_DAYS} days")
    return CutPoints(
        recency_days=_fifths(recency_days, step=1),
        frequency=_fifths(frequency[active], step=1),
        monetary=_fifths(monetary[active], step=0.01),
    )


def _fifths(values: Floats, *, step: float) -> tuple[float, ...]:
    """Quantiles pushed apart by at least one step, since a cut that equals another would leave a score empty."""
    cuts: list[float] = []
    for quantile in np.quantile(values, SHARES, method="lower"):
        lowest = cuts[-1] + step if cuts else -np.inf
        cuts.append(round(max(float(quantile), lowest), 2))
    return tuple(cuts)


def as_toml(cuts: CutPoints, *, version: int, grain: str) -> str:
    """The section ``[rfm]`` of the configuration."""
    return "\n".join(
        [
            "[rfm]                         # frozen cut points; a refit raises the version",
            f"version = {version}",
            f'grain = "{grain}"',
            f"window_days = {WINDOW_DAYS}",
            f"recency_days = {_list(cuts.recency_days)}",
            f"frequency = {_list(cuts.frequency)}",
            f"monetary = {_list(cuts.monetary)}",
            "",
        ]
    )


def _list(cuts: Sequence[float]) -> str:
    return "[" + ", ".join(f"{cut:g}" if cut == int(cut) else f"{cut:.2f}" for cut in cuts) + "]"
