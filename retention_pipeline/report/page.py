"""The whole page.

Belongs here: the order of its parts, filling the template. Not here: what a part shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from retention_pipeline.report.bridge import bridge_section
from retention_pipeline.report.cohorts import heatmap_section, value_section
from retention_pipeline.report.headlines import Headline, headline_table
from retention_pipeline.report.over_time import feedback_section, retention_section
from retention_pipeline.report.published import (
    PERIODS_PLOTTED,
    choose_cohort_grain,
    choose_grain,
    read_edition,
    read_periods,
)
from retention_pipeline.report.segments import segments_section

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TEMPLATE = "page.html.j2"


def render_page(
    published: DuckDBPyConnection, *, shop: str, headlines: Sequence[Headline], grain: str | None = None
) -> str:
    """Draw a published version as one self-contained HTML page.

    Args:
        published: An open published version.
        shop: The shop's name, for the heading.
        headlines: Rows of the table at the top.
        grain: Grain of everything but the cohorts; when omitted, the first published one of month, quarter, week,
            year, day.

    Returns:
        HTML that needs no network, no script and no other file; the same version gives the same text.

    Raises:
        ConfigError: The version holds no such grain, or no period at all.
    """
    from jinja2 import Environment, StrictUndefined

    chosen = choose_grain(published, grain)
    cohort_grain = choose_cohort_grain(published)
    periods = read_periods(published, chosen)
    edition = read_edition(published)
    sections = (
        retention_section(published, chosen, periods),
        heatmap_section(published, cohort_grain),
        bridge_section(published, chosen, periods, edition.currency),
        value_section(published, cohort_grain, edition.currency),
        feedback_section(published, chosen, periods, is_configured="feedback" in dict(edition.data_through)),
        segments_section(published, chosen, periods),
    )
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files(__package__).joinpath(TEMPLATE).read_text(encoding="utf-8"))
    return template.render(
        shop=shop,
        grain=chosen,
        edition=edition,
        table=headline_table(published, chosen, periods, headlines, edition.currency),
        sections=sections,
        cut=PERIODS_PLOTTED if len(periods) == PERIODS_PLOTTED else None,
    )
