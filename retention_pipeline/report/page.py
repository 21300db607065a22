"""The whole page.

Belongs here: the order of its parts, filling the template. Not here: what a part shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from retention_pipeline.report.at_risk import at_risk_section
from retention_pipeline.report.benchmarks import benchmarks_section
from retention_pipeline.report.bridge import bridge_section
from retention_pipeline.report.claims import claims_section
from retention_pipeline.report.cohorts import heatmap_section, value_section
from retention_pipeline.report.control import control_section
from retention_pipeline.report.economics import economics_section
from retention_pipeline.report.headlines import Headline, headline_table
from retention_pipeline.report.lifetime import lifetime_section
from retention_pipeline.report.over_time import feedback_section, retention_section
from retention_pipeline.report.published import (
    PERIODS_PLOTTED,
    choose_cohort_grain,
    choose_grain,
    read_edition,
    read_periods,
)
from retention_pipeline.report.reconciliation import reconciliation_section
from retention_pipeline.report.rfm import rfm_section
from retention_pipeline.report.segments import segments_section
from retention_pipeline.report.service import service_section
from retention_pipeline.report.waiting import waiting_section

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TEMPLATE = "page.html.j2"


def render_page(
    published: DuckDBPyConnection,
    *,
    shop: str,
    headlines: Sequence[Headline],
    grain: str | None = None,
    min_cell_size: int = 5,
) -> str:
    """Draw a published version as one self-contained HTML page.

    Args:
        published: An open published version.
        shop: The shop's name, for the heading.
        headlines: Rows of the table at the top.
        grain: Grain of everything but the cohorts; when omitted, the first published one of month, quarter, week,
            year, day.
        min_cell_size: Fewest customers of a group that the page may count; metric values are suppressed already.

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
    currency, configured = edition.currency, dict(edition.data_through)
    sections = (
        retention_section(published, chosen, periods),
        control_section(published, chosen, periods),
        heatmap_section(published, cohort_grain),
        waiting_section(published),
        bridge_section(published, chosen, periods, currency),
        value_section(published, cohort_grain, currency),
        lifetime_section(published, currency),
        economics_section(published, chosen, periods, currency, is_configured="spend" in configured),
        rfm_section(published, min_cell_size),
        at_risk_section(published, edition, min_cell_size),
        segments_section(published, chosen, periods),
        feedback_section(published, chosen, periods, is_configured="feedback" in configured),
        service_section(published, chosen, periods, is_configured="tickets" in configured),
        benchmarks_section(published, chosen, currency, is_configured="benchmarks" in configured),
        reconciliation_section(published, chosen, currency, is_configured="control_totals" in configured),
        claims_section(published, currency),
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
