"""Whom the simulated shop asks for their opinion, and what those answer who do.

Belongs here: drawing invitations and answers of three kinds of survey. Not here: files and faults of the export.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from retention_pipeline.demo.population import GUEST, Population
from retention_pipeline.demo.purchases import Order
from retention_pipeline.demo.rhythm import DAY, Span

COMMENT_CANARY = "please never store this sentence"
"""Stands in some comments; a search of everything the pipeline writes must not find it."""

KINDS = {"recommend": (0.33, 0.40), "delivery_stars": (0.20, 0.30), "thumb": (0.10, 0.50)}
"""Word of the shop for NPS, CSAT and thumbs -> share of orders with an invitation, share of invitations answered."""

RESPONSE_WINDOW_DAYS = 30
LATE_ANSWER_SHARE = 0.03
"""Share of answers given only after the window, which do not count as a response."""

MOOD_AFTER_COMPLAINT = {"answered_in_time": -0.6, "answered_late": -1.4}
"""What a complaint about the order does to the mood of whoever is asked about it."""

_COMMENTS = (
    "Quick delivery, thank you",
    'The "gift box" was dented,\nthe content was fine',
    f"My number is 030 555 0100, {COMMENT_CANARY}",
    "Size M; colour as shown",
)
_COMMENT_SHARE = 0.06
_REWORKED_SHARE = 0.01


class AnswerVersion(NamedTuple):
    """One state of one answer: delivered with the files of ``day``, stamped ``second``."""

    day: int
    second: int
    score: str


@dataclass
class Answer:
    """One invitation and what became of it; ``customer`` is ``GUEST`` or an index, times are wall-clock seconds.

    ``sent`` is None for an answer that came without an invitation of its own; an invitation nobody answered within the
    span has no versions.
    """

    number: str
    customer: int
    order: str
    kind: str
    sent: int | None
    submitted: int
    comment: str
    versions: list[AnswerVersion] = field(default_factory=list)
    is_lost: bool = False
    """The export broke the record of this answer; a record of the invitation is whole."""

    @property
    def is_prompt(self) -> bool:
        """Whether the answer reached the shop, and within the window."""
        if self.sent is None or not self.versions or self.is_lost:
            return False
        return self.submitted // DAY - self.sent // DAY <= RESPONSE_WINDOW_DAYS


def draw_answers(rng: np.random.Generator, population: Population, orders: list[Order], span: Span) -> list[Answer]:
    """Invitations in order of sending; a satisfied customer scores higher, a guest is an average customer."""
    kinds = (None, *KINDS)
    asked_share = [asked for asked, _ in KINDS.values()]
    kind = rng.choice(len(kinds), len(orders), p=[1 - sum(asked_share), *asked_share])
    delay = rng.exponential(2.0, len(orders))
    delay += (RESPONSE_WINDOW_DAYS + 1) * (rng.random(len(orders)) < LATE_ANSWER_SHARE)
    luck = rng.random((len(orders), 4))
    noise = rng.standard_normal(len(orders))
    drawn = []
    for index in np.flatnonzero(kind):
        order, word = orders[index], kinds[kind[index]]
        if word is None or order.final.state not in {"completed", "shipped", "returned"}:
            continue
        asked = order.day + 3
        if span.open_day(asked) >= span.days:
            continue
        day = asked + int(delay[index])
        submitted = day * DAY + int((9 + 13 * luck[index, 0]) * 3600)
        answer = Answer(
            number="",
            customer=order.customer,
            order=order.number,
            kind=word,
            sent=asked * DAY + 9 * 3600,
            submitted=submitted,
            comment=_COMMENTS[int(luck[index, 1] / _COMMENT_SHARE * 4)] if luck[index, 1] < _COMMENT_SHARE else "",
        )
        if luck[index, 3] < KINDS[word][1]:
            score = _score(word, _mood(order, population), float(noise[index]))
            answer.versions = _versions(answer, score, float(luck[index, 2]), span)
        drawn.append(answer)
    drawn.sort(key=lambda answer: (answer.sent or 0, answer.order))
    for position, answer in enumerate(drawn):
        answer.number = f"F{10_001 + position}"
    return drawn


def _mood(order: Order, population: Population) -> float:
    mood = float(population.satisfaction[order.customer]) if order.customer != GUEST else 0.0
    mood -= 1.2 * (order.final.state == "returned")
    if order.complaint is not None:
        mood += MOOD_AFTER_COMPLAINT[order.complaint.answer]
    return mood


def _score(kind: str, mood: float, noise: float) -> int:
    if kind == "recommend":
        return min(max(round(8.1 + 1.7 * mood + 1.4 * noise), 0), 10)
    if kind == "delivery_stars":
        return min(max(round(4.2 + 0.6 * mood + 0.7 * noise), 1), 5)
    return int(mood + noise > -1.1)


def _versions(answer: Answer, score: int, luck: float, span: Span) -> list[AnswerVersion]:
    """The answer as submitted and, rarely, as reworked six days later (one point lower where the scale allows)."""
    first = AnswerVersion(span.open_day(answer.submitted // DAY), answer.submitted, str(score))
    versions = [first]
    if luck < _REWORKED_SHARE and score > 1:
        again = answer.submitted + 6 * DAY
        versions.append(AnswerVersion(span.open_day(again // DAY), again, str(score - 1)))
    return [version for version in versions if version.day < span.days]
