"""Tickets, complaints, answering times and reasons for leaving."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from retention_pipeline.metrics.intervals import wilson
from tests.metrics.factories import MONTHS, cell, compute, period_facts
from tests.metrics.service_facts import reason_facts, ticket_facts

MAY = pd.Timestamp(MONTHS[4])
TOTAL = {"segment_key": "all", "period_start": MAY}


def served(
    tickets: dict[str, Any] | None = None, periods: dict[str, Any] | None = None, **changes: Any
) -> pd.DataFrame:
    """Rows of the family, with changes to the totals of May."""
    facts = {
        "fct_ticket_period": ticket_facts(),
        "fct_churn_reason_period": reason_facts(),
        "fct_period": period_facts(),
    }
    for name, values in (("fct_ticket_period", tickets or {}), ("fct_period", periods or {})):
        frame = facts[name]
        here = (frame["segment_set"] == "all") & (frame["period_start"] == MONTHS[4])
        for column, value in values.items():
            frame.loc[here, column] = value
    return compute("service_quality", facts, **changes)


def test_tickets_are_counted_by_the_day_of_opening_and_may_be_added_up() -> None:
    rows = served({"tickets_count": 12, "customers_with_ticket": 7, "complaints_count": 5})
    tickets = cell(rows, "tickets.standard", **TOTAL)
    assert (tickets["value"], tickets["n"], tickets["unit"], tickets["is_additive"]) == (12, 7, "tickets", True)
    assert cell(rows, "complaints.standard", **TOTAL)["value"] == 5


def test_tickets_per_customer_leave_out_tickets_of_nobody_known() -> None:
    rows = served({"tickets_count": 12, "tickets_with_customer_count": 10}, {"customers_active": 40})
    row = cell(rows, "tickets_per_customer.standard", **TOTAL)
    assert (row["value"], row["numerator"], row["denominator"], row["n"]) == (0.25, 10, 40, 40)
    assert row["basis"] == "purchase_window"


def test_complaints_are_related_to_customers_and_to_all_orders() -> None:
    rows = served(
        {"complaints_count": 9, "customers_with_complaint": 4},
        {"customers_active": 40, "orders_count": 60, "orders_count_guest": 10},
    )
    share = cell(rows, "complaint_rate.customers", **TOTAL)
    low, high = wilson(np.array([4.0]), np.array([40.0]))
    assert (share["value"], share["ci_low"], share["ci_high"]) == (0.1, low[0], high[0])
    per_order = cell(rows, "complaint_rate.orders", **TOTAL)
    assert (per_order["value"], per_order["denominator"]) == (pytest.approx(9 / 70), 70)


def test_more_complaining_people_than_active_customers_have_no_interval() -> None:
    share = cell(served({"customers_with_complaint": 4}, {"customers_active": 2}), "complaint_rate.customers", **TOTAL)
    assert (share["value"], share["status"]) == (2.0, "final")
    assert np.isnan(share["ci_low"])


def test_response_times_are_hours_and_undefined_while_nobody_was_answered() -> None:
    times = {"responses_count": 8, "response_hours_p50": 2.5, "response_hours_p90": 30.0}
    rows = served(times)
    half, most = (cell(rows, f"first_response_time.{variant}", **TOTAL) for variant in ("p50", "p90"))
    assert (half["value"], most["value"], half["unit"], half["n"]) == (2.5, 30.0, "hours", 8)
    silent = {"responses_count": 0, "response_hours_p50": np.nan, "response_hours_p90": np.nan}
    nobody = cell(served(silent), "first_response_time.p90", **TOTAL)
    assert (nobody["status"], nobody["denominator"]) == ("undefined", 0)


def test_a_promise_is_kept_among_the_tickets_of_which_it_is_decided() -> None:
    rate = cell(served({"sla_decided_count": 10, "sla_met_count": 9}), "sla_met_rate.standard", **TOTAL)
    assert (rate["value"], rate["n"], rate["ci_method"]) == (0.9, 10, "wilson")
    assert cell(served({"sla_decided_count": 0, "sla_met_count": 0}), "sla_met_rate.standard", **TOTAL)["status"] == (
        "undefined"
    )


def test_reasons_are_shares_of_those_who_gave_one_and_make_the_whole() -> None:
    shares = served(min_cell_size=1).query("metric == 'churn_reason_share'")
    given = shares[shares["denominator"] > 0].groupby("period_start")["value"].sum()
    assert len(given) == len(MONTHS)
    assert given.to_numpy() == pytest.approx(np.ones(len(MONTHS)))
    assert set(shares["segment_set"]) == {"churn_reason"}


def test_a_reason_of_few_customers_is_hidden_and_cannot_be_had_by_subtraction() -> None:
    facts = reason_facts().query("period_start == @MONTHS[4]").assign(customers_with_reason=20)
    facts["customers_count"] = [9, 9, 2]
    rows = compute(
        "service_quality",
        {"fct_churn_reason_period": facts, "fct_ticket_period": ticket_facts(), "fct_period": period_facts()},
    )
    assert sorted(rows.query("metric == 'churn_reason_share'")["status"]) == ["final", "suppressed", "suppressed"]


def test_few_answers_of_a_segment_are_hidden_although_many_asked() -> None:
    tickets = ticket_facts()
    here = (tickets["segment_key"] == "country 1") & (tickets["period_start"] == MONTHS[4])
    tickets.loc[here, ["tickets_count", "customers_with_ticket", "responses_count"]] = [50, 50, 2]
    tickets.loc[here, ["response_hours_p50", "response_hours_p90"]] = 1.0
    facts = {"fct_ticket_period": tickets, "fct_churn_reason_period": reason_facts(), "fct_period": period_facts()}
    row = cell(
        compute("service_quality", facts), "first_response_time.p50", segment_key="country 1", period_start=MAY
    )  # fmt: skip
    assert row["status"] == "suppressed"


def test_a_rate_is_final_when_both_of_its_sources_have_been_delivered() -> None:
    later = {"tickets": MONTHS[5], "churn_reasons": MONTHS[5], "orders": MONTHS[4]}
    rows = served(data_through=later)
    assert cell(rows, "tickets_per_customer.standard", **TOTAL)["status"] == "provisional"
    assert cell(rows, "tickets.standard", **TOTAL)["status"] == "final"


def test_a_shop_without_tickets_or_reasons_says_so_once_per_period() -> None:
    empty = {
        "fct_ticket_period": ticket_facts().iloc[:0],
        "fct_churn_reason_period": reason_facts().iloc[:0],
        "fct_period": period_facts(),
    }
    rows = compute("service_quality", empty, sources=frozenset({"orders"}))
    assert set(rows["status"]) == {"source_absent"}
    per_metric = rows.groupby(["metric", "variant"], observed=True)["period_start"].agg(["size", "nunique"])
    assert (per_metric == len(MONTHS)).to_numpy().all()
    assert len(per_metric) == 9
