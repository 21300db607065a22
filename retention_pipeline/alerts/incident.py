"""What an incident and a failure are.

Belongs here: the shapes, the kinds and how bad each is. Not here: when there is one (``rules``), who knows of it
(``register``).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Kinds of incidents; the value is part of the webhook's contract."""

    RUN_FAILED = "run_failed"
    GATE_FAILED = "gate_failed"
    DELIVERY_REFUSED = "delivery_refused"
    DELIVERY_MISSING = "delivery_missing"
    DELIVERY_LATE = "delivery_late"
    FRESHNESS_MISSED = "freshness_missed"
    METRIC_OUT_OF_CONTROL = "metric_out_of_control"
    PUBLICATION_DAMAGED = "publication_damaged"

    @property
    def words(self) -> str:
        """The kind as people read it."""
        return self.value.replace("_", " ")

    @property
    def severity(self) -> str:
        """``error`` where consumers get old numbers or none, ``warning`` where they get all that is due."""
        return "warning" if self in {Kind.DELIVERY_LATE, Kind.METRIC_OUT_OF_CONTROL} else "error"


@dataclass(frozen=True)
class Incident:
    """One thing that is wrong, in the words of the message about it.

    Attributes:
        key: The same for as long as it is the same incident.
        kind: What sort of thing.
        title: One line.
        detail: What happened; never a row, a secret or anything about a person.
        where: The file, source, gate or metric at fault.
        still_served: What consumers see meanwhile.
        remedy: What to do.
    """

    key: str
    kind: Kind
    title: str
    detail: str
    where: str
    still_served: str
    remedy: str

    @property
    def severity(self) -> str:
        """How bad it is."""
        return self.kind.severity


@dataclass(frozen=True)
class Failure:
    """A run that ended badly; it counts until a run after it has succeeded."""

    key: str
    kind: Kind
    at: dt.datetime
    title: str
    detail: str
    where: str
    remedy: str
    is_refusal: bool = False
    """Whether a refused delivery may be all there is to it; then that is the incident."""
