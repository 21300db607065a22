"""Statuses of a published value (section 2 of the metric definitions).

Belongs here: the vocabulary. Not here: deciding the status of a concrete row (``metrics``).
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """How far a value can be trusted; every metric row carries exactly one."""

    FINAL = "final"
    """The whole period has been delivered, and the days of grace after it (none unless configured)."""
    PROVISIONAL = "provisional"
    """The period is still open, part of it has not been delivered, or its grace period has not passed."""
    IMMATURE = "immature"
    """Not every member could have reached this cell yet; no value."""
    UNDEFINED = "undefined"
    """The denominator is zero; no value."""
    SUPPRESSED = "suppressed"
    """Fewer customers than the minimum cell size, or needed to protect such a cell; no value."""
    SOURCE_ABSENT = "source_absent"
    """The input that the metric needs is not configured; no value."""


WITHOUT_VALUE = frozenset({Status.IMMATURE, Status.UNDEFINED, Status.SUPPRESSED, Status.SOURCE_ABSENT})
"""Statuses under which ``value`` is NULL."""
