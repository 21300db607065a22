"""Facts about tickets, surveys, reasons for leaving and what follows an answer, in the segments of ``period_facts``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.metrics.factories import KEY_COLUMNS, MONTHS, add_totals, keys

REASONS = ("moved", "price", "quality")
GROUPS = ("detractor", "passive", "promoter")


def _cells(segments: int) -> Iterator[dict[str, Any]]:
    for start in MONTHS:
        for number in range(segments):
            yield keys(start, segment=("country", f"country {number}"))


def ticket_facts(seed: int = 1, *, segments: int = 4, largest: int = 15) -> pd.DataFrame:
    """``fct_ticket_period``; the totals also hold two tickets without a customer per period."""
    rng = np.random.default_rng(seed)
    rows = []
    for place in _cells(segments):
        tickets = int(rng.integers(0, largest + 1))
        complaints, answered, decided = (int(rng.integers(0, tickets + 1)) for _ in range(3))
        counts = {
            "tickets_count": tickets,
            "complaints_count": complaints,
            "tickets_with_customer_count": tickets,
            "customers_with_ticket": tickets - tickets // 3,
            "customers_with_complaint": complaints - complaints // 3,
            "responses_count": answered,
            "sla_decided_count": decided,
            "sla_met_count": int(rng.integers(0, decided + 1)),
        }
        rows.append(place | counts)
    facts = add_totals(pd.DataFrame(rows), KEY_COLUMNS[:5]).drop(columns="basis")
    facts.loc[facts["segment_set"] == "all", "tickets_count"] += 2
    median = rng.integers(1, 200, len(facts)) / 8
    return facts.assign(
        response_hours_p50=np.where(facts["responses_count"] > 0, median, np.nan),
        response_hours_p90=np.where(facts["responses_count"] > 0, median * 3, np.nan),
    )


def survey_facts(seed: int = 1, *, segments: int = 4, largest: int = 15) -> pd.DataFrame:
    """``fct_survey_period``: recommendation and satisfaction; surveys up to March may no longer be answered."""
    rng = np.random.default_rng(seed)
    rows = []
    for measure, low, high in (("nps", 0.0, 10.0), ("csat", 1.0, 5.0), ("effort", 1.0, 5.0)):
        for place in _cells(segments):
            sent = int(rng.integers(0, largest + 1))
            counts = {
                "sent_count": sent,
                "answered_count": int(rng.integers(0, sent + 1)),
                "customers_count": sent - sent // 4,
            }
            rows.append(place | {"measure": measure, "scale_min": low, "scale_max": high} | counts)
    by = [*KEY_COLUMNS[:5], "measure", "scale_min", "scale_max"]
    facts = add_totals(pd.DataFrame(rows), by).drop(columns="basis")
    return facts.assign(is_closed=facts["period_start"] <= MONTHS[2])


def nps_retention_facts(seed: int = 1, *, largest: int = 15) -> pd.DataFrame:
    """``fct_nps_retention_period`` on both bases; answers up to February have been followed to the end."""
    rng = np.random.default_rng(seed)
    rows = []
    for basis in ("purchase_window", "subscription"):
        for start in MONTHS:
            for group in GROUPS:
                active = int(rng.integers(0, largest + 1))
                kept = int(rng.integers(0, active + 1))
                counts = {"customers_active_at_answer": active, "customers_retained": kept}
                rows.append(keys(start, basis=basis, segment=("nps_group", group)) | counts)
    facts = pd.DataFrame(rows)
    return facts.assign(is_mature=facts["period_start"] <= MONTHS[1])


def reason_facts(seed: int = 1, *, largest: int = 15) -> pd.DataFrame:
    """``fct_churn_reason_period``."""
    rng = np.random.default_rng(seed)
    rows = []
    for start in MONTHS:
        given = {reason: int(rng.integers(0, largest + 1)) for reason in REASONS}
        for reason, customers in given.items():
            counts = {"customers_count": customers, "customers_with_reason": sum(given.values())}
            rows.append(keys(start, segment=("churn_reason", reason)) | counts)
    return pd.DataFrame(rows).drop(columns="basis")


def service_facts(seed: int = 1) -> dict[str, pd.DataFrame]:
    """All of them by table."""
    return {
        "fct_ticket_period": ticket_facts(seed),
        "fct_survey_period": survey_facts(seed),
        "fct_nps_retention_period": nps_retention_facts(seed),
        "fct_churn_reason_period": reason_facts(seed),
    }
