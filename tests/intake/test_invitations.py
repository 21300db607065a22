"""Feedback that was asked for: an invitation is known before its answer, and the answer takes its place."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.intake.conftest import GOOD, Shop

HEADER = "feedback_id,customer_id,sent_at,submitted_at,kind,score"


def test_an_invitation_without_an_answer_is_taken_in(shop: Shop) -> None:
    shop.deliver(
        "feedback", HEADER, "f1,c1,2026-03-01,,nps,", "f2,c1,2026-03-01,2026-03-04,nps,9", "f3,,,2026-03-04,nps,9"
    )
    assert shop.query(
        "SELECT sent_at IS NULL, submitted_at IS NULL, score, scale_max, known_date FROM raw.feedback ORDER BY line"
    ) == [
        (False, True, None, 10, dt.date(2026, 3, 1)),
        (False, False, 9, 10, dt.date(2026, 3, 4)),
        (True, False, 9, 10, dt.date(2026, 3, 4)),
    ]


@pytest.mark.parametrize(
    ("row", "reason", "column"),
    [
        ("f1,c1,,,nps,", "missing_submitted_at", "submitted_at"),
        ("f1,c1,,,nps,9", "missing_submitted_at", "submitted_at"),
        ("f1,c1,2026-03-01,,nps,9", "missing_submitted_at", "submitted_at"),
        ("f1,c1,2026-03-01,2026-03-02,nps,", "missing_score", "score"),
        ("f1,c1,,2026-03-02,nps,", "missing_score", "score"),
        ("f1,c1,yesterday,,nps,", "timestamp_unreadable", "sent_at"),
        ("f1,c1,2026-03-20,,nps,", "timestamp_in_future", "sent_at"),
        ("f1,c1,2026-03-01,,smile,", "unknown_feedback_kind", "kind"),
        ("f1,c1,2026-03-01,,,", "missing_kind", "kind"),
    ],
)
def test_neither_a_whole_answer_nor_an_invitation_is_set_aside(shop: Shop, row: str, reason: str, column: str) -> None:
    shop.deliver("feedback", HEADER, row)
    assert shop.quarantined() == [(2, reason, column)]


def test_an_invitation_and_its_answer_are_both_kept_with_the_day_they_became_known(shop: Shop) -> None:
    shop.configure(rest='[sources.feedback]\npath = "f_{date}.csv"')
    shop.rows(GOOD)
    shop.rows("f1,c1,2026-03-01,,nps,", name="f_2026-03-01.csv", header=HEADER)
    shop.rows("f1,c1,2026-03-01,2026-03-04,nps,9", name="f_2026-03-04.csv", header=HEADER)
    shop.ingest()
    assert shop.query("SELECT feedback_id, score, known_date FROM raw.feedback ORDER BY known_date") == [
        ("f1", None, dt.date(2026, 3, 1)),
        ("f1", 9, dt.date(2026, 3, 4)),
    ]
