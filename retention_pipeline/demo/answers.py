"""What customers answer when the simulated shop asks them.

Belongs here: drawing survey answers of three kinds. Not here: files and faults of the export.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from retention_pipeline.demo.population import Population
from retention_pipeline.demo.purchases import GUEST, Order
from retention_pipeline.demo.rhythm import DAY, Span

COMMENT_CANARY = "please never store this sentence"
"""Stands in some comments; a search of everything the pipeline writes must not find it."""

_KINDS = {"recommend": 0.13, "delivery_stars": 0.06, "thumb": 0.05}
"""Word of the shop for NPS, CSAT and thumbs -> share of orders that are answered."""

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
    """One answer; ``sent`` and ``submitted`` are wall-clock seconds, ``customer`` is ``GUEST`` or an index."""

    number: str
    customer: int
    order: str
    kind: str
    sent: int
    submitted: int
    comment: str
    versions: list[AnswerVersion] = field(default_factory=list)
    is_lost: bool = False
    """The export broke every record of this answer."""


def draw_answers(rng: np.random.Generator, population: Population, orders: list[Order], span: Span) -> list[Answer]:
    """Answers in order of submission; a satisfied customer scores higher, a guest is an average customer."""
    kinds = (None, *_KINDS)
    kind = rng.choice(len(kinds), len(orders), p=[1 - sum(_KINDS.values()), *_KINDS.values()])
    delay = rng.exponential(2.0, len(orders))
    luck = rng.random((len(orders), 3))
    noise = rng.standard_normal(len(orders))
    drawn = []
    for index in np.flatnonzero(kind):
        order, word = orders[index], kinds[kind[index]]
        if word is None or order.final.state not in {"completed", "shipped", "returned"}:
            continue
        asked = order.day + 3
        day = asked + int(delay[index])
        submitted = day * DAY + int((9 + 13 * luck[index, 0]) * 3600)
        mood = float(population.satisfaction[order.customer]) if order.customer != GUEST else 0.0
        mood -= 1.2 * (order.final.state == "returned")
        answer = Answer(
            number="",
            customer=order.customer,
            order=order.number,
            kind=word,
            sent=asked * DAY + 9 * 3600,
            submitted=submitted,
            comment=_COMMENTS[int(luck[index, 1] / _COMMENT_SHARE * 4)] if luck[index, 1] < _COMMENT_SHARE else "",
        )
        score = _score(word, mood, float(noise[index]))
        answer.versions = _versions(answer, score, float(luck[index, 2]), span)
        if answer.versions:
            drawn.append(answer)
    drawn.sort(key=lambda answer: (answer.submitted, answer.order))
    for position, answer in enumerate(drawn):
        answer.number = f"F{10_001 + position}"
    return drawn


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
