from __future__ import annotations

import re
import socket
from typing import Any

import matplotlib as mpl
import pytest

from retention_pipeline.cli.summary import HEADLINES
from retention_pipeline.core.errors import ConfigError
from retention_pipeline.report.page import render_page
from tests.report.reading import Page, section
from tests.report.small_extras import HOSTILE_SOURCE
from tests.report.small_version import HOSTILE_SMALL, small_version

DRAWN = (
    "retention", "cohorts", "waiting", "bridge", "value", "lifetime", "economics", "rfm", "segments", "feedback",
    "service", "reconciliation",
)  # fmt: skip
WRITTEN = ("economics", "at-risk", "benchmarks", "claims")


def render(grain: str | None = None, **shop: Any) -> str:
    with small_version(**shop) as published:
        return render_page(published, shop="<b>Shop</b>", headlines=HEADLINES, grain=grain)


@pytest.fixture(scope="module")
def html() -> str:
    return render()


def test_every_section_has_a_figure_and_says_in_words_what_it_shows(html: str) -> None:
    for name in DRAWN:
        page = Page(section(html, name))
        spoken = [attributes["aria-labelledby"] for tag, attributes in page.elements if tag == "svg"]
        assert spoken, name
        ids = {attributes.get("id"): tag for tag, attributes in page.elements}
        for names in spoken:
            assert [ids[each] for each in (names or "").split()] == ["title", "desc"]


def test_the_top_says_which_version_as_of_when_and_through_which_date(html: str) -> None:
    top = Page(html[: html.index("</header>")]).text.split("\n")
    assert top[top.index("as of") + 1] == "2024-06-10"
    assert top[top.index("orders delivered through") + 1] == "2024-06-10"
    assert top[top.index("version") + 1] == "v000002"


def test_explanations_come_from_the_published_catalogue() -> None:
    with small_version() as published:
        published.execute("update _metric_catalog set meaning = 'In words of ' || metric || '.' || variant")
        html = render_page(published, shop="Shop", headlines=HEADLINES)
    for name, meaning in (
        ("retention", "customer_retention_rate.set_based"),
        ("cohorts", "cohort_retention.on"),
        ("bridge", "revenue_bridge.churn"),
        ("value", "cohort_value_to_date.net"),
        ("feedback", "net_promoter_score.standard"),
        ("segments", "customer_retention_rate.set_based"),
        ("waiting", "time_between_orders.median"),
        ("lifetime", "clv.lifespan_revenue"),
        ("economics", "ltv_to_cac.margin"),
        ("rfm", "rfm_group_share.standard"),
        ("service", "first_response_time.p90"),
    ):
        assert f"In words of {meaning}" in section(html, name)


def test_the_headline_table_shows_the_last_final_periods_with_intervals(html: str) -> None:
    table = Page(html[html.index("<table>") : html.index("</table>")]).texts
    assert table[2:5] == ["2024-03", "2024-04", "2024-05"]
    assert "74.0 [69.0, 79.0]" in table
    assert not any("satisfied" in text for text in table)


def test_hostile_names_stay_text(html: str) -> None:
    page = Page(html)
    assert page.tags.isdisjoint({"script", "img", "b", "image", "iframe", "link", "object", "foreignobject"})
    assert not any(key.startswith("on") for _, attributes in page.elements for key in attributes)
    assert "<script>alert('$a$')</script>&\" Süd 客户 (100)" in page.texts
    assert HOSTILE_SMALL in page.text
    assert HOSTILE_SOURCE in page.texts
    assert "<b>Shop</b>: customer retention" in page.texts


def test_nothing_is_loaded_from_anywhere(html: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "://" not in html
    assert re.findall(r"url\((?!#)|data:|@import", html) == []
    for _, attributes in Page(html).elements:
        links = [attributes.get(name) or "#" for name in ("href", "xlink:href", "src")]
        assert all(link.startswith("#") for link in links)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the report opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    assert render() == html


def test_the_browser_is_told_to_load_nothing(html: str) -> None:
    policies = [attributes.get("content") for tag, attributes in Page(html).elements if tag == "meta"]
    assert "default-src 'none'; style-src 'unsafe-inline'" in policies


def test_ids_are_unique_and_every_reference_has_its_target(html: str) -> None:
    ids = [attributes["id"] for _, attributes in Page(html).elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', html)) != set()
    for clip, link in re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', html):
        assert (clip or link) in ids


def test_the_same_version_gives_the_same_bytes_whatever_the_user_has_configured(html: str) -> None:
    with mpl.rc_context({"font.size": 20, "lines.linewidth": 9, "svg.fonttype": "path"}):
        assert render() == html


def test_without_feedback_a_sentence_stands_in_for_the_figures() -> None:
    feedback = section(render(feedback=False), "feedback")
    assert "<svg" not in feedback
    assert "The feedback source is not configured" in feedback


def test_a_survey_without_answers_is_named(html: str) -> None:
    assert "Thumbs up: no such survey is configured" in section(html, "feedback")


def test_without_segments_a_sentence_stands_in_for_the_figures() -> None:
    segments = section(render(segments=False), "segments")
    assert "<svg" not in segments
    assert "No segment is configured" in segments


def test_the_grain_must_be_published(html: str) -> None:
    assert render("month") == html
    with pytest.raises(ConfigError, match="no weeks"):
        render("week")


def test_a_version_without_a_single_order_has_nothing_to_report() -> None:
    with small_version() as published:
        published.execute("delete from dim_period")
        with pytest.raises(ConfigError, match="nothing to report yet"):
            render_page(published, shop="Shop", headlines=HEADLINES)


def test_without_any_value_every_section_still_says_something() -> None:
    with small_version() as published:
        for table in (
            "metric_values",
            "order_gap_survival",
            "customer_scores",
            "claims",
            "benchmark_comparison",
            "reconciliation",
        ):
            published.execute(f"delete from {table}")
        html = render_page(published, shop="Shop", headlines=HEADLINES)
    assert_nothing_but_sentences(html, {*DRAWN, *WRITTEN})


def test_a_version_from_before_these_tables_says_what_it_lacks() -> None:
    html = render(extras=False)
    lacking = {"waiting", "lifetime", "economics", "rfm", "service", "reconciliation", *WRITTEN}
    assert_nothing_but_sentences(html, lacking)
    for name, words in (
        ("economics", "The spend source is not configured"),
        ("service", "The tickets source is not configured"),
        ("benchmarks", "No benchmarks are configured"),
        ("reconciliation", "No control totals are configured"),
        ("rfm", "No RFM cut points are configured"),
    ):
        assert words in section(html, name)


def assert_nothing_but_sentences(html: str, names: set[str]) -> None:
    for name in names:
        part = section(html, name)
        assert '<p class="quiet">' in part, name
        assert "<svg" not in part, name
        assert "<table" not in part, name
