"""Why a published number changed.

Belongs here: the vocabulary of the restatement ledger. Not here: finding the cause of a change (``warehouse.ledger``).
"""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """A reason for a restatement; the ledger carries one of them, or ``several`` and the list."""

    LATE_ORDER = "late_order"
    """An order of a day that counted as delivered, or of a period that was finished without it, arrived afterwards."""
    LATE_RECORD = "late_record"
    """The same for a record of another source."""
    CORRECTION = "correction"
    """A record that was known came again with other content."""
    CANCELLATION = "cancellation"
    """An order was cancelled or voided."""
    REFUND = "refund"
    """The refunded part of an order changed."""
    DELETION = "deletion"
    """A record is no longer part of what the source delivers."""
    CUSTOMER_MERGE = "customer_merge"
    """A record belongs to another customer now."""
    ERASURE = "erasure"
    """A person was erased; what the cell said before is withheld, since the difference would be about that person."""
    REPAIR = "repair"
    """A record that had been set aside was repaired and taken in, or such a repair was undone."""
    DEFINITION = "definition"
    """The metric has another definition version, or is no longer defined."""
    CONFIGURATION = "configuration"
    """The configuration of shop, sources or limits changed."""
    CODE = "code"
    """The program changed and nothing else explains it."""
    MATURING = "maturing"
    """Time passed, or days that were missing came: the cell was provisional or immature, or looks beyond its period."""
    SEGMENT = "segment"
    """The metric has rows of the segment in one of the two versions only: its first or its last member is of today."""
    UNEXPLAINED = "unexplained"
    """Nothing above was found; the run says so."""
    SEVERAL = "several"
    """More than one of the above."""


OF_DATA = frozenset(
    {
        Cause.LATE_ORDER,
        Cause.LATE_RECORD,
        Cause.CORRECTION,
        Cause.CANCELLATION,
        Cause.REFUND,
        Cause.DELETION,
        Cause.CUSTOMER_MERGE,
        Cause.REPAIR,
    }
)
"""Causes that lie in what was delivered."""
