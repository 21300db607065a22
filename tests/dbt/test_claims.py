"""``fct_claim_evidence`` over shops small enough to count on fingers. W is 30 days, as_of 2024-03-15."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dbt.support import Project, Rows

pytestmark = pytest.mark.long

SOURCES = {"sources": ["orders", "customers", "feedback", "tickets"]}


def evidence(project: Project, rows: Rows, **variables: Any) -> dict[tuple[str, bool], dict[str, float]]:
    built = project.build(rows, select=("+fct_claim_evidence",), **{**SOURCES, **variables})
    found = built.execute("select * from marts.fct_claim_evidence").fetchall()
    names = ("n", "x", "y", "x_sq", "x_y", "y_sq")
    return {(name, treated): dict(zip(names, map(float, sums), strict=True)) for name, treated, *sums in found}


@pytest.fixture(scope="module")
def found(project: Project) -> dict[tuple[str, bool], dict[str, float]]:
    """Windows end at 2024-03-16 and start 2024-02-15, 2024-01-16 (boundaries); the first order is on 2024-01-01."""
    rows = Rows()
    # anna: orders again within 30 days, with a discount at first; falls silent after February
    rows.order("a1", "anna", "2024-01-01", 10, discount=2)
    rows.order("a2", "anna", "2024-01-20", 16)
    rows.order("a3", "anna", "2024-02-01", 40)
    # bert: no discount, comes back after 40 days, then again
    rows.order("b1", "bert", "2024-01-02", 20, discount=0)
    rows.order("b2", "bert", "2024-02-11", 20)
    rows.order("b3", "bert", "2024-02-28", 14)
    # cleo: one order, whose 30 days have not passed; dora's discount is not known
    rows.order("c1", "cleo", "2024-03-01", 5, discount=1)
    rows.order("d1", "dora", "2024-01-10", 7)
    for number, (customer, opened, responded) in enumerate(
        [
            ("anna", "2024-02-02", "2024-02-02 01:00:00"),
            ("anna", "2024-02-03", "2024-02-03 03:00:00"),
            ("bert", "2024-02-12", "2024-02-13 16:00:00"),
            ("dora", "2024-01-12", "2024-01-12 09:00:00"),
        ]
    ):
        midnight = f"{opened} 00:00:00"
        rows.ticket(f"t{number}", customer, midnight, responded=responded, due=f"{opened} 06:00:00")
    rows.answer("f1", "anna", "2024-02-10", "csat", 5, scale=(1, 5))
    rows.answer("f2", "bert", "2024-02-20", "csat", 2, scale=(1, 5))
    rows.answer("f3", "dora", "2024-03-10", "csat", 5, scale=(1, 5))
    rows.answer("f4", "bert", "2024-03-01", "nps", 8)
    rows.answer("f5", "cleo", "2024-03-02", "nps", 10)
    rows.customer("bert", "2024-01-01", tier="basic")
    rows.customer("bert", "2024-02-05", tier="gold")
    rows.customer("anna", "2024-01-01", tier="basic")
    rows.customer("anna", "2024-02-05", tier="gold")
    return evidence(project, rows, loyalty_segment="tier", loyalty_tiers=["basic", "gold"])


def test_order_values_grow_per_step_and_customer(found: dict[tuple[str, bool], dict[str, float]]) -> None:
    sums = found["order_value_steps", True]  # anna (40 - 10) / 2, bert (14 - 20) / 2
    assert (sums["n"], sums["y"], sums["y_sq"]) == (2, 15 - 3, 15**2 + 3**2)


def test_first_orders_and_returns_are_followed_by_another_order_day_or_not(
    found: dict[tuple[str, bool], dict[str, float]],
) -> None:
    returns, firsts = found["reactivated", True], found["reactivated", False]
    assert (returns["n"], returns["y"]) == (1, 1)  # bert's return of 11 February, followed on the 28th
    assert (firsts["n"], firsts["y"]) == (3, 1)  # anna yes; bert and dora no; cleo's window is open


def test_a_discount_that_is_not_known_is_in_neither_arm(found: dict[tuple[str, bool], dict[str, float]]) -> None:
    assert (found["discount_acquired", True]["n"], found["discount_acquired", True]["y"]) == (1, 1)
    assert (found["discount_acquired", False]["n"], found["discount_acquired", False]["y"]) == (1, 0)


def test_tickets_before_a_window_and_losses_within_it(found: dict[tuple[str, bool], dict[str, float]]) -> None:
    # active at 2024-01-16: anna, bert, dora; by 2024-02-15 bert is back (spell of 11 February), dora is lost.
    # active at 2024-02-15: anna, bert; by 2024-03-16 anna is lost.
    many, few = found["frequent_tickets", True], found["frequent_tickets", False]
    assert (many["n"], many["y"]) == (1, 1)
    assert (few["n"], few["y"]) == (4, 1)
    # median response 6 hours: dora's 9 and bert's 40 were slow, anna's 2 on average fast
    slow, fast = found["slow_answers", True], found["slow_answers", False]
    assert (slow["n"], slow["y"], fast["n"], fast["y"]) == (2, 1, 1, 1)


def test_satisfaction_after_kept_and_broken_promises(found: dict[tuple[str, bool], dict[str, float]]) -> None:
    assert (found["kept_promise", True]["n"], found["kept_promise", True]["y"]) == (1, 1)
    assert (found["kept_promise", False]["n"], found["kept_promise", False]["y"]) == (1, 0)  # dora's came too late


def test_who_stays_without_recommending(found: dict[tuple[str, bool], dict[str, float]]) -> None:
    assert (found["retained_not_promoting", True]["n"], found["retained_not_promoting", True]["y"]) == (1, 1)


def test_orders_before_and_after_a_rise(found: dict[tuple[str, bool], dict[str, float]]) -> None:
    sums = found["tier_rises", True]  # both rose on 5 February: anna 2 before, 0 after; bert none before, 2 after
    assert (sums["n"], sums["y"], sums["y_sq"]) == (2, -2 + 2, 8)


def test_the_order_that_earns_a_tier_is_on_neither_side_of_the_rise(project: Project) -> None:
    rows = Rows()
    for customer, risen in (("anna", "2024-02-14"), ("bert", "2024-02-15")):
        rows.order(f"{customer}1", customer, "2024-01-01", 10)
        rows.order(f"{customer}2", customer, risen, 10)
        rows.order(f"{customer}3", customer, "2024-03-15", 10)
        rows.customer(customer, "2024-01-01", tier="basic")
        rows.customer(customer, risen, tier="gold")
    sums = evidence(project, rows, loyalty_segment="tier", loyalty_tiers=["basic", "gold"])["tier_rises", True]
    # the 30 days after anna's rise end with her order of 15 March; bert's do on the 16th, which lies ahead
    assert (sums["n"], sums["y"], sums["y_sq"]) == (1, 1, 1)


def test_revenue_of_the_last_year_by_tenure(project: Project) -> None:
    rows = Rows()
    rows.order("a1", "anna", "2023-01-05", 10)
    rows.order("a2", "anna", "2023-03-10", 20)
    rows.order("a3", "anna", "2023-03-17", 30)
    rows.order("b1", "bert", "2023-03-15", 40)
    rows.order("b2", "bert", "2024-03-15", 50)
    rows.order("c1", "cleo", "2023-02-01", 60)
    sums = evidence(project, rows)["tenure_and_revenue", True]
    # the year starts on 2023-03-17, when anna and bert are active; cleo was last on 3 March
    assert (sums["n"], sums["x"], sums["y"]) == (2, 71 + 2, 30 + 50)


def test_without_sources_there_is_no_evidence_about_them(project: Project) -> None:
    rows = Rows()
    rows.order("a1", "anna", "2024-01-01", 10)
    rows.order("a2", "anna", "2024-01-20", 16)
    assert {name for name, _ in evidence(project, rows)} == {"order_value_steps", "reactivated"}
