from __future__ import annotations

import functools
import math

import numpy as np
from matplotlib.figure import Figure

from retention_pipeline.cli.summary import HEADLINES
from retention_pipeline.report.canvas import LABELS_SHOWN
from retention_pipeline.report.lines import paint_series
from retention_pipeline.report.page import render_page
from retention_pipeline.report.published import PERIODS_PLOTTED, Value
from tests.report.reading import Page, section
from tests.report.small_version import MONTHS, small_version

DASHES = "stroke-dasharray"


@functools.cache
def page(*statements: str, is_open: bool) -> str:
    with small_version(is_open=is_open, extras=False) as published:
        for statement in statements:
            published.execute(statement)
        return render_page(published, shop="Shop", headlines=HEADLINES)


def drawn(name: str, *statements: str, is_open: bool = True) -> str:
    return section(page(*statements, is_open=is_open), name)


def test_an_open_period_is_drawn_differently_and_the_caption_says_so() -> None:
    for name in ("retention", "value"):
        assert DASHES in drawn(name)
        assert DASHES not in drawn(name, is_open=False)
    for name in ("bridge", "cohorts"):
        assert "<pattern" in drawn(name)
        assert "<pattern" not in drawn(name, is_open=False)
    for name in ("retention", "value", "bridge", "cohorts"):
        assert "still open" in drawn(name)
        assert "still open" not in drawn(name, is_open=False)


def test_the_caption_quotes_the_latest_final_value() -> None:
    assert "Latest final value, 2024-05: 74.0 % [69.0 %, 79.0 %], n = 100." in drawn("retention")
    assert "Latest final value, 2024-06: 75.0 %" in drawn("retention", is_open=False)


def test_a_month_without_a_value_is_a_gap_in_line_and_band_and_no_zero() -> None:
    axes = Figure().add_subplot()
    known, unknown = Value(0.5, 0.4, 0.6, "final", 9), Value(None, None, None, "undefined", None)
    paint_series(axes, [known, known, unknown, None, known, known])
    line = np.asarray(axes.lines[0].get_ydata(), dtype=float)
    assert [math.isnan(value) for value in line] == [False, False, True, True, False, False]
    assert len(axes.collections[0].get_paths()) == 2


def test_a_single_value_still_shows_its_interval() -> None:
    axes = Figure().add_subplot()
    paint_series(axes, [None, Value(0.5, 0.4, 0.6, "final", 9), None])
    ends = np.asarray(axes.collections[1].get_paths()[0].vertices)
    assert ends.tolist() == [[1, 0.4], [1, 0.6]]


def test_a_cell_for_every_age_reached_and_none_beyond() -> None:
    texts = Page(drawn("cohorts")).texts
    reached = sum(range(len(MONTHS)))
    assert texts.count("31") == reached
    immature = "update metric_values set value = null, status = 'immature' where cohort_age = 1"
    assert Page(drawn("cohorts", immature)).texts.count("31") == reached - (len(MONTHS) - 1)


def test_the_first_period_of_a_cohort_does_not_drown_the_colours() -> None:
    cohorts = drawn("cohorts")
    assert "shares from 31.0 % to 31.0 %" in cohorts
    assert "2024-01 (100)" in cohorts


def test_losses_point_down_and_each_part_has_a_colour_and_a_name() -> None:
    texts = Page(drawn("bridge")).texts
    for part in ("new", "expansion", "reactivation", "contraction", "churn"):
        assert part in texts
    assert "-2,000" in texts
    assert "3,000" in texts


def test_suppressed_and_undefined_segments_are_listed_in_words_and_have_no_dot() -> None:
    texts = Page(drawn("segments")).texts
    assert "country, not shown to protect small groups: <img src=x onerror=alert(1)>." in texts
    assert "country, no customer at the start of the period: FR." in texts
    assert "DE (100)" in texts
    assert not any(text.startswith(("FR (", "<img src=x onerror=alert(1)> (")) for text in texts)


def test_segments_are_those_of_the_last_final_period() -> None:
    assert "Retention by segment, 2024-05" in drawn("segments")
    never = "update dim_period set is_final = false"
    assert "No month is final yet" in drawn("segments", never)
    grace = "update dim_period set is_final = false where period_start = '2024-05-01'"
    assert "Retention by segment, 2024-04" in drawn("segments", grace)
    before_there_was_a_grace_period = "alter table dim_period drop column is_final"
    assert "Retention by segment, 2024-05" in drawn("segments", before_there_was_a_grace_period)


def test_a_long_history_is_cut_and_its_labels_thinned() -> None:
    days = (
        "insert into dim_period select 'month', date '2024-01-01' - interval (i) month, 'm' || i, true, true "
        f"from range(1, {PERIODS_PLOTTED}) t(i)"
    )
    with small_version(extras=False) as published:
        published.execute(days)
        html = render_page(published, shop="Shop", headlines=HEADLINES)
    assert f"The latest {PERIODS_PLOTTED} months are shown." in html
    labels = [text for text in Page(section(html, "bridge")).texts if text.startswith(("m", "2024-")) and len(text) < 8]
    assert 5 < len(labels) <= LABELS_SHOWN
