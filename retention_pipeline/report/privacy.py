"""Counts that may be shown.

Belongs here: hiding small groups among counts that the report takes from facts. Not here: metric values (they are
published with small cells already suppressed).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def hidden(counts: Mapping[Key, int], minimum: int) -> frozenset[Key]:
    """Which of several counts to hide beside their total, by the rule of suppressed metric cells.

    From the smallest upwards until all counts of 1 to ``minimum - 1`` and at least ``minimum`` people are hidden, so
    that none can be had by subtraction. Empty when no count is that small.
    """
    if not any(0 < count < minimum for count in counts.values()):
        return frozenset()
    chosen: set[Key] = set()
    people = 0
    for key, count in sorted(counts.items(), key=lambda item: (item[1], str(item[0]))):
        if count and (count < minimum or people < minimum):
            chosen.add(key)
            people += count
    return frozenset(chosen)


def shown_count(count: int, minimum: int) -> str:
    """A count on its own, or that it is too small to be shown."""
    return f"fewer than {minimum:,}" if 0 < count < minimum else f"{count:,}"
