"""The values of one run that checks may name: ``{{as_of}}``, ``{{currency}}`` …, as validated SQL literals.

Belongs here: which parameters exist and what their text may be. Not here: the checks.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal

from retention_pipeline.config import Settings
from retention_pipeline.core.errors import ConfigError

_DATE = r"\d{4}-\d{2}-\d{2}"
_NUMBER = r"\d{1,18}(\.\d{1,18})?"
_WORD = r"[A-Za-z0-9_ .:/+\-]+"
_LIST = rf"\[('{_WORD}'(, '{_WORD}')*)?\]::varchar\[\]"

PARAMETERS = {
    "as_of": _DATE,
    "data_through": _DATE,
    "tickets_through": _DATE,
    "min_cell_size": r"\d{1,9}",
    "activity_window_days": r"\d{1,4}",
    "final_grace_days": r"\d{1,3}",
    "currency": r"[A-Z]{3}",
    "timezone": r"[A-Za-z0-9_+\-/]+",
    "week_start": r"[a-z]+",
    "minimum_amount": _NUMBER,
    "max_quarantined_share": _NUMBER,
    "tolerated_quarantined_rows": r"\d{1,18}",
    "max_rate_age_days": r"\d{1,6}",
    "control_sigmas": _NUMBER,
    "control_floor": _NUMBER,
    "fx_reference_date": _DATE,
    "sla_hours": rf"{_NUMBER}|null",
    "excluded_statuses": _LIST,
    "grains": _LIST,
    "cohort_grains": _LIST,
    "segments": _LIST,
    "derived_segments": _LIST,
    "sources": _LIST,
}
"""Name of each parameter and the pattern its text must match; values stand in the SQL as they are."""


def gate_parameters(
    settings: Settings, *, as_of: dt.date, data_through: dt.date, tickets_through: dt.date | None = None
) -> dict[str, str]:
    """The parameters of one run.

    Args:
        settings: The shop's settings.
        as_of: The date up to which deliveries are known.
        data_through: The last date that orders have been delivered for completely.
        tickets_through: That of tickets; None where none have been delivered.

    Raises:
        ConfigError: A value cannot be written as a literal.
    """
    shop, limits = settings.shop, settings.limits
    values = {
        "as_of": as_of.isoformat(),
        "data_through": data_through.isoformat(),
        "tickets_through": (tickets_through or dt.date.min).isoformat(),
        "min_cell_size": str(shop.min_cell_size),
        "activity_window_days": str(shop.activity_window_days),
        "final_grace_days": str(shop.final_grace_days),
        "currency": shop.currency,
        "timezone": shop.timezone,
        "week_start": shop.week_start,
        "minimum_amount": _number(shop.minimum_amount),
        "max_quarantined_share": _number(limits.max_quarantined_share),
        "tolerated_quarantined_rows": str(limits.tolerated_quarantined_rows),
        "max_rate_age_days": str(limits.max_rate_age_days),
        "control_sigmas": _number(limits.control_sigmas),
        "control_floor": _number(limits.control_floor),
        "fx_reference_date": (shop.fx_reference_date or dt.date.min).isoformat(),
        "sla_hours": "null" if shop.sla_hours is None else _number(shop.sla_hours),
        "excluded_statuses": list_literal(shop.excluded_statuses),
        "grains": list_literal(shop.grains),
        "cohort_grains": list_literal(shop.cohort_grains or ()),
        "segments": list_literal(shop.segments),
        "derived_segments": list_literal(settings.derived_segments),
        "sources": list_literal(settings.sources.configured()),
    }
    return check_parameters(values)


def configured_parts(settings: Settings) -> frozenset[str]:
    """What a suite may ``need``: the configured sources, ``segments`` if there is any, ``rfm`` if it is cut."""
    parts = {"segments": bool(settings.shop.segments), "rfm": settings.rfm is not None}
    return frozenset(settings.sources.configured()) | {name for name, there in parts.items() if there}


def _number(value: float) -> str:
    return format(Decimal(str(value)), "f")


def list_literal(values: Iterable[str]) -> str:
    """A list of words as a DuckDB list literal."""
    return "[" + ", ".join(f"'{value}'" for value in values) + "]::varchar[]"


def check_parameters(values: dict[str, str]) -> dict[str, str]:
    """Return ``values`` when each is a known parameter and written as a harmless literal.

    Raises:
        ConfigError: Names the parameter.
    """
    if missing := sorted(set(PARAMETERS) - set(values)):
        raise ConfigError(f"gate parameter {missing[0]} is missing")
    for name, text in values.items():
        if name not in PARAMETERS:
            raise ConfigError(f"gate parameter {name} is not known")
        if re.fullmatch(PARAMETERS[name], text) is None:
            raise ConfigError(f"gate parameter {name}: {text!r} cannot be written as a literal")
    return values
