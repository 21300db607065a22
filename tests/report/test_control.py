"""Control charts of the report: limits, marks outside, and the words for both."""

from __future__ import annotations

import datetime as dt

from retention_pipeline.cli.summary import HEADLINES
from retention_pipeline.metrics.control_limits import CONTROL_LIMITS
from retention_pipeline.report.canvas import VERMILION
from retention_pipeline.report.page import render_page
from tests.report.reading import Page, section
from tests.report.small_version import MONTHS, small_version

FINAL = MONTHS[:-1]


def drawn(*judged: tuple[dt.date, float, float | None, str]) -> str:
    """The section, given start, value, distance of the limits from 0.75, and verdict of months."""
    with small_version() as published:
        names = ", ".join(f"{column.name} {column.type}" for column in CONTROL_LIMITS.columns)
        published.execute(f"create or replace table control_limits ({names})")
        for start, value, reach, verdict in judged:
            limits: list[float | None] = [0.75, 0.75 - reach, 0.75 + reach, 1.0] if reach else [None] * 4
            row = ["customer_retention_rate", "set_based", "purchase_window", "month", "gregorian", start, start,
                   "all", "all", value, 400, *limits, 12, verdict, start == FINAL[-1]]  # fmt: skip
            published.execute(f"insert into control_limits values ({', '.join('?' * len(row))})", row)
        return section(render_page(published, shop="Shop", headlines=HEADLINES), "control")


def test_a_month_outside_is_marked_and_named() -> None:
    html = drawn(
        (FINAL[2], 0.76, 0.1, "in_control"), (FINAL[3], 0.6, 0.1, "below"), (FINAL[4], 0.74, 0.08, "in_control")
    )  # fmt: skip
    words = " ".join(Page(html).texts)
    assert "Outside: 2024-04 below. Latest final value, 2024-05: 74.0 %, limits 67.0 % to 83.0 %." in words
    assert VERMILION.lower() in html.lower()
    assert "Customer retention rate of buyers by month" in words
    assert "Customer churn rate" not in words


def test_where_nothing_is_outside_there_is_no_mark() -> None:
    html = drawn((FINAL[3], 0.76, 0.1, "in_control"), (FINAL[4], 0.74, None, "insufficient"))
    assert "No period lies outside its limits. Latest final value, 2024-05: 74.0 %, no limits." in " ".join(
        Page(html).texts
    )
    assert VERMILION.lower() not in html.lower()


def test_without_limits_a_sentence_says_what_they_need() -> None:
    html = drawn((FINAL[4], 0.74, None, "insufficient"))
    assert "No month has limits: they need eight final months before it, and enough customers." in Page(html).texts
    assert "<svg" not in html
