"""The variables of one run: what the models may depend on besides the delivered rows.

Belongs here: their values and the text that dbt reads them from. Not here: invoking dbt (``dbt``).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

from retention_pipeline.config import Settings, Sources
from retention_pipeline.warehouse.build import Inputs

EARLIEST = "1900-01-01"
"""Stands for "nothing delivered yet" in a dbt variable, which cannot be NULL."""


def dbt_vars(settings: Settings, inputs: Inputs) -> dict[str, Any]:
    """The variables of one run: everything a model may depend on besides the delivered rows."""
    shop, rfm = settings.shop, settings.rfm
    through = {source: _day(inputs.data_through.get(source)) for source in Sources.model_fields}
    return {
        "as_of": inputs.as_of.isoformat(),
        "data_through": through["orders"],
        "data_through_by_source": through,
        "sources": list(settings.sources.configured()),
        "timezone": shop.timezone,
        "currency": shop.currency,
        "activity_window_days": shop.activity_window_days,
        "grains": list(shop.grains),
        "cohort_grains": list(shop.cohort_grains or ()),
        "week_start": shop.week_start,
        "segments": list(shop.segments),
        "derived_segments": list(settings.derived_segments),
        "excluded_statuses": list(shop.excluded_statuses),
        "minimum_amount": shop.minimum_amount,
        "response_window_days": shop.response_window_days,
        "final_grace_days": shop.final_grace_days,
        "sla_hours": shop.sla_hours,
        "channel_segment": shop.channel_segment,
        "loyalty_segment": shop.loyalty_segment,
        "loyalty_tiers": list(shop.loyalty_tiers),
        "fx_reference_date": _day(shop.fx_reference_date) if shop.fx_reference_date else None,
        "max_rate_age_days": settings.limits.max_rate_age_days,
        "order_notation": _notation(settings),
        "rfm": None if rfm is None else rfm.model_dump(mode="json"),
    }


def _notation(settings: Settings) -> dict[str, Any]:
    """How the text of an order record is to be read, for records that were set aside with their text."""
    orders = settings.sources.orders
    return {
        "decimal": orders.decimal,
        "thousands": orders.thousands,
        "timezone": orders.timezone or settings.shop.timezone,
        "is_iso": orders.timestamp_format == "iso",
    }


def _day(day: dt.date | None) -> str:
    return EARLIEST if day is None else day.isoformat()


def vars_text(variables: dict[str, Any]) -> str:
    """The variables as dbt's YAML reader gives them back letter by letter: it knows no pairs of surrogates.

    Letters beyond the first 65,536 (emoji) stand as they are; the others that are not ASCII are escaped, since YAML
    refuses some of them and folds line ends of its own.
    """
    text = json.dumps(variables, ensure_ascii=False)
    return re.sub("[\x7f-\uffff]", lambda found: f"\\u{ord(found.group()):04x}", text)
