"""The faults of the simulated shop's customer and feedback exports, planted one by one and counted.

Belongs here: faults of customer and answer records. Not here: faults of orders and the ledger itself (``dirt``).
"""

from __future__ import annotations

import numpy as np

from retention_pipeline.demo.answers import Answer, AnswerVersion
from retention_pipeline.demo.dirt import RECORDS_PER_FAULT, Fault, Ledger
from retention_pipeline.demo.lines import Lines
from retention_pipeline.demo.population import GUEST
from retention_pipeline.demo.rhythm import DAY, Span

BAD_CUSTOMERS = (
    Fault("no_customer_number", "customer_no", "", "missing_customer_id"),
    Fault("changed_on_thirtieth_of_february", "changed_at", "2024-02-30T09:00:00", "timestamp_unreadable"),
)
BAD_FEEDBACK = (
    Fault("unknown_survey", "survey", "smiley", "unknown_feedback_kind"),
    Fault("score_out_of_scale", "score", "11", "score_out_of_scale"),
    Fault("score_in_words", "score", "ten", "number_unreadable"),
    Fault("score_left_blank", "score", "", "missing_score"),
    Fault("no_answer_number", "answer_no", "", "missing_feedback_id"),
)
_BAD_SHARE = 0.0004
_DUPLICATE_SHARE = 0.003
_UNKNOWN_SHARE = 0.001
_LATE_SHARE = 0.005
_LATE_DAYS = 5
_SECOND_ANSWER_SHARE = 0.02


def answer_twice(rng: np.random.Generator, answers: list[Answer], span: Span) -> list[Answer]:
    """Second answers to the same survey an hour later under a new number: only the later one of a wave counts."""
    known = [answer for answer in answers if answer.customer != GUEST and answer.versions]
    count = min(len(known), max(1, round(_SECOND_ANSWER_SHARE * len(known))))
    again = []
    for position, index in enumerate(sorted(rng.permutation(len(known))[:count].tolist())):
        first = known[index]
        later = first.submitted + 3600
        day = span.open_day(later // DAY)
        if day < span.days:
            score = "1" if first.versions[0].score == "1" else str(int(first.versions[0].score) // 2 + 1)
            version = AnswerVersion(day, later, score)
            again.append(
                Answer(f"G{position + 1:04d}", first.customer, first.order, first.kind, None, later, "", [version])
            )
    return again


def plant_in_customers(rng: np.random.Generator, span: Span, lines: Lines, ledger: Ledger) -> None:
    """Customers the export forgets, sends late, sends twice, or sends broken beside the good record."""
    numbers = [number for number, about in lines.of.items() if len(about) == 1]
    numbers = [numbers[index] for index in rng.permutation(len(numbers))]
    for _ in range(_count(_UNKNOWN_SHARE, lines)):
        del lines.of[numbers.pop()]
        ledger.planted["customer_never_sent"] += 1
    for fault in BAD_CUSTOMERS:
        for _ in range(_count(_BAD_SHARE, lines)):
            number = numbers.pop()
            broken = lines.add(number, lines.of[number][0].copy())
            broken.cells[lines.column(fault.column)] = fault.text
            ledger.bad("customers", fault.name, fault.reason)
    for number in numbers[: _count(_LATE_SHARE, lines)]:
        line = lines.of[number][0]
        late = span.open_day(line.day + _LATE_DAYS)
        if late < span.days:
            line.day = late
            ledger.planted["customer_sent_late"] += 1
    for number in numbers[-_count(_DUPLICATE_SHARE, lines) :]:
        ledger.duplicate(lines, number)


def plant_in_feedback(rng: np.random.Generator, answers: list[Answer], lines: Lines, ledger: Ledger) -> None:
    """Answers that no scale holds, answers without a number or score, records written twice."""
    single = [answer for answer in answers if len(answer.versions) == 1]
    single = [single[index] for index in rng.permutation(len(single))]
    for fault in BAD_FEEDBACK[: len(single) // RECORDS_PER_FAULT]:
        for answer in [single.pop() for _ in range(_count(_BAD_SHARE, lines))]:
            answer.is_lost = True
            lines.of[answer.number][-1].cells[lines.column(fault.column)] = fault.text
            ledger.bad("feedback", fault.name, fault.reason)
    for answer in single[: _count(_DUPLICATE_SHARE, lines)]:
        ledger.duplicate(lines, answer.number)


def _count(share: float, lines: Lines) -> int:
    return max(1, round(share * len(lines.of)))
