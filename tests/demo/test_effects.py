"""What the simulation was told to be true shows in the demo shop's files: discounts, complaints, surveys, members."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from retention_pipeline.demo.truth import Truth
from tests.demo.reading import ZONE, business_date, instant
from tests.demo.recount import Recount

pytestmark = pytest.mark.long

Shop = tuple[Path, Truth]


def test_the_night_of_a_changed_clock_is_in_no_file_of_a_monthly_source(default_recount: Recount) -> None:
    service = default_recount.service
    for row in (*service.tickets.values(), *service.contracts.values()):
        for text in filter(None, (row[name] for name in row if name.endswith("_at"))):
            moment = dt.datetime.fromisoformat(text)
            assert len({moment.replace(tzinfo=ZONE, fold=fold).utcoffset() for fold in (0, 1)}) == 1, text


def test_customers_won_by_a_discount_leave_sooner_within_their_channel(default_shop: Shop) -> None:
    folder, truth = default_shop
    lifetimes: dict[tuple[str, str], list[float]] = {}
    with (folder / "truth_customers.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            lifetimes.setdefault((row["channel"], row["is_discount_acquired"]), []).append(float(row["lifetime_days"]))
    mean = {key: sum(days) / len(days) for key, days in lifetimes.items()}
    for channel in ("organic_search", "paid_search", "discount_site"):
        assert mean[channel, "true"] < 0.9 * mean[channel, "false"]
    effects = truth.effects
    assert sum(effects[f"acquired_{how}_discount"]["customers"] for how in ("with", "without")) == 10_000


def test_a_discount_is_given_on_the_first_order_of_those_it_won(default_shop: Shop, default_recount: Recount) -> None:
    with (default_shop[0] / "truth_customers.csv").open(encoding="utf-8", newline="") as stream:
        won = {row["customer_no"] for row in csv.DictReader(stream) if row["is_discount_acquired"] == "true"}
    seen: set[str] = set()
    shares = Counter[tuple[bool, bool]]()
    for row in sorted(default_recount.orders.values(), key=lambda row: instant(row["placed_at"])):
        if row["customer_no"] and row["customer_no"] not in seen:
            seen.add(row["customer_no"])
            shares[row["customer_no"] in won, row["discount"] != "0.00"] += 1
    assert shares[True, True] > 0.98 * (shares[True, True] + shares[True, False])
    assert shares[False, True] < 0.01 * shares[False, False]


def test_who_complained_leaves_more_often_and_most_often_after_a_late_answer(
    default_shop: Shop, default_recount: Recount
) -> None:
    gone = _share_of_last_orders(default_recount, default_shop[1].last - dt.timedelta(days=300))
    assert gone["no complaint"] + 0.05 < gone["answered in time"]
    assert gone["answered in time"] + 0.1 < gone["answered late"]
    for answer, share in default_shop[1].parameters["leaving_share_after_complaint"].items():
        effect = default_shop[1].effects[f"complaint_{answer}"]
        assert effect["left_because_of_it"] / effect["complaints"] == pytest.approx(share, abs=0.07)


def _share_of_last_orders(count: Recount, until: dt.date) -> dict[str, float]:
    """Of orders up to a date, the share that no other order followed, by what was complained of after them."""
    seen, last, groups = Counter[str](), Counter[str](), dict[tuple[str, dt.date], str]()
    for row in count.service.tickets.values():
        opened = business_date(row["opened_at"])
        earlier = [date for date in count.by_customer.get(row["customer_no"], ()) if date < opened]
        if row["topic"] in {"damaged", "not_delivered"} and earlier:
            waited = instant(row["answered_at"]) - instant(row["opened_at"]) if row["answered_at"] else None
            is_prompt = waited is not None and waited <= dt.timedelta(hours=24)
            groups[row["customer_no"], max(earlier)] = "answered in time" if is_prompt else "answered late"
    for number, dates in count.by_customer.items():
        for date in dates:
            if date <= until:
                group = groups.get((number, date), "no complaint")
                seen[group] += 1
                last[group] += date == max(dates)
    return {group: last[group] / seen[group] for group in seen}


def test_surveys_are_answered_as_often_as_meant(default_shop: Shop) -> None:
    truth = default_shop[1]
    for kind, share in truth.parameters["survey_response_rate"].items():
        assert truth.invitations_answered[kind] / truth.invitations_sent[kind] == pytest.approx(share, abs=0.03)


def test_memberships_end_change_and_begin_again(default_shop: Shop, default_recount: Recount) -> None:
    truth, contracts = default_shop[1], default_recount.service.contracts.values()
    assert truth.subscriptions["customers"] > 1_000
    by_customer: dict[str, list[tuple[dt.datetime, str]]] = {}
    for row in contracts:
        by_customer.setdefault(row["customer_no"], []).append((instant(row["started_at"]), row["ends_at"]))
    later = [
        (instant(before[1]), after[0])
        for spells in by_customer.values()
        for before, after in pairwise(sorted(spells))
        if before[1]
    ]
    changed = sum(end == start for end, start in later)
    assert changed == truth.subscriptions["plan_changes"] > 100
    assert sum(start > end for end, start in later) > 50
    assert all(start >= end for end, start in later)
    assert any(row["ends_at"][:10] > truth.last.isoformat() for row in contracts)
    assert {row["currency"] for row in contracts} == {"EUR", "CHF"}


def test_winning_a_customer_costs_what_was_meant(default_shop: Shop) -> None:
    truth = default_shop[1]
    for channel, cents in truth.parameters["cost_per_new_customer_cents"].items():
        spent = truth.spend["acquisition"][channel] / truth.channels[channel]["customers"]
        assert spent == pytest.approx(cents, rel=0.05)
    assert "organic_search" not in truth.spend["acquisition"]


def test_every_order_carries_its_cost_and_earns_a_margin(default_shop: Shop, default_recount: Recount) -> None:
    assert all(Decimal(row["cost"]) > 0 for row in default_recount.orders.values())
    truth = default_shop[1]
    cost = sum(Decimal(month.cost) for month in truth.months.values())
    assert 0.5 < cost / Decimal(truth.revenue_gross) < 0.65


def test_foreign_orders_have_a_rate_of_the_week_before_but_for_one_currency(default_recount: Recount) -> None:
    assert {row["currency"] for row in default_recount.valid} == {"EUR", "CHF"}
    assert default_recount.excluded["no_fx_rate"] == sum(
        row["currency"] == "DKK" for row in default_recount.orders.values()
    )
    assert {date.weekday() for rates in default_recount.rates.quoted.values() for date in rates} == set(range(5))
