"""Answers that count, and invitations.

Belongs here: the wave rule, who was asked when. Not here: scores.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.oracle.records import Answer, Records, Shop
from tests.oracle.versions import known_rows, last_versions, version_order


@dataclass(frozen=True, slots=True)
class CountedAnswer:
    """An answer that counts, on its business date."""

    customer_id: str | None
    day: dt.date
    measure: str
    score: Decimal
    scale: tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody who was asked, and when the answer came."""

    customer_id: str | None
    day: dt.date
    measure: str
    scale: tuple[Decimal, Decimal]
    answered: dt.date | None


def last_answers(records: Records, as_of: dt.date) -> list[Answer]:
    """The last version of each answer or invitation."""
    if records.feedback is None:
        return []
    rows = known_rows(records.feedback, records.coverage["feedback"], as_of)
    return last_versions(rows, lambda row: row.feedback_id)


def counted_answers(rows: list[Answer], shop: Shop, as_of: dt.date) -> list[CountedAnswer]:
    """Answers up to ``as_of``, of each customer and wave the latest; in the order they were submitted."""
    counted: list[tuple[Any, Answer, dt.date, Decimal]] = []
    waves: dict[Any, tuple[Any, Answer, dt.date, Decimal]] = {}
    for answer in rows:
        if answer.submitted_at is None or answer.score is None:
            continue
        day = shop.business_date(answer.submitted_at)
        if day > as_of:
            continue
        order = (answer.submitted_at, version_order(answer)[:3], answer.feedback_id)
        found = (order, answer, day, answer.score)
        if answer.customer_id is None:
            counted.append(found)
            continue
        wave = answer.wave or f"{day:%Y-%m}"
        key = (answer.customer_id, answer.measure, answer.scale_min, answer.scale_max, wave)
        if key not in waves or order > waves[key][0]:
            waves[key] = found
    counted.extend(waves.values())
    return [
        CountedAnswer(answer.customer_id, day, answer.measure, score, (answer.scale_min, answer.scale_max))
        for _, answer, day, score in sorted(counted, key=lambda found: found[0])
    ]


def invitations(rows: list[Answer], shop: Shop, as_of: dt.date) -> list[Invitation]:
    """Everybody asked up to ``as_of``."""
    found = []
    for row in rows:
        if row.sent_at is None:
            continue
        sent = shop.business_date(row.sent_at)
        answered = None if row.submitted_at is None else shop.business_date(row.submitted_at)
        if answered is not None and answered > as_of:
            answered = None
        if sent <= as_of:
            found.append(Invitation(row.customer_id, sent, row.measure, (row.scale_min, row.scale_max), answered))
    return found
