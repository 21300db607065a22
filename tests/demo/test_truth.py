"""The truth about the demo shop against a second count from its files, and against what was meant."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retention_pipeline.demo.population import CHANNELS
from retention_pipeline.demo.redelivery import redeliver_day
from retention_pipeline.demo.shop import write_shop
from retention_pipeline.demo.truth import Truth
from tests.demo.reading import ZONE, business_date, instant
from tests.demo.recount import Recount, read, recount

Shop = tuple[Path, Truth]
WINDOW = dt.timedelta(days=90)


def _assert_equal(truth: Truth, count: Recount) -> None:
    assert truth.records == dict(count.records)
    assert truth.suppressed == dict(count.suppressed)
    assert {source: sum(reasons.values()) for source, reasons in truth.quarantined.items()} == {
        source: sum(count.broken[source].values()) for source in truth.quarantined
    }
    assert truth.orders_sent == len(count.orders)
    assert truth.orders_excluded == dict(count.excluded)
    assert truth.orders_valid == len(count.valid)
    assert truth.orders_guest == sum(row["customer_no"] == "" for row in count.valid)
    assert truth.orders_refunded == sum(row["refunded"] != "0.00" for row in count.valid)
    assert truth.customers_sent == len(count.customers)
    assert truth.customers_with_valid_order == len(count.by_customer)
    assert truth.customers_repeat == sum(len(dates) > 1 for dates in count.by_customer.values())
    assert truth.answers_sent == dict(count.answers["sent"])
    assert truth.answers_counted == dict(count.answers["counted"])
    assert truth.invitations_sent == dict(count.answers["invited"])
    assert truth.invitations_answered == dict(count.answers["prompt"])
    assert truth.orders_foreign == sum(row["currency"] != "EUR" for row in count.valid)
    assert truth.orders_discounted == sum(row["discount"] != "0.00" for row in count.valid)
    for name, month in truth.months.items():
        assert (month.orders, month.orders_guest) == (count.months[name]["orders"], count.months[name]["orders_guest"])
        assert month.orders_foreign == count.months[name]["orders_foreign"]
        money = (month.revenue_gross, month.revenue_net, month.cost, month.refunded_by_refund_date)
        assert [Decimal(cents) / 100 for cents in money] == [
            by_month[name] for by_month in (count.gross, count.net, count.cost, count.refunded)
        ]
    ordering = Counter(name for dates in count.by_customer.values() for name in {f"{date:%Y-%m}" for date in dates})
    assert {name: month.customers_ordering for name, month in truth.months.items() if month.customers_ordering} == dict(
        ordering
    )
    assert sum(month.customers_new for month in truth.months.values()) == len(count.by_customer)
    _assert_service_equal(truth, count)


def _assert_service_equal(truth: Truth, count: Recount) -> None:
    service = count.service
    assert truth.subscriptions["sent"] == len(service.contracts)
    assert truth.subscriptions["customers"] == len({row["customer_no"] for row in service.contracts.values()})
    assert truth.subscriptions["without_time"] == sum(
        row["ends_at"] != "" and business_date(row["started_at"]) == business_date(row["ends_at"])
        for row in service.contracts.values()
    )
    assert truth.tickets == service.support(truth.last)
    assert truth.churn_reasons == dict(service.reasons)
    assert {
        kind: {channel: Decimal(cents) / 100 for channel, cents in channels.items()}
        for kind, channels in truth.spend.items()
    } == service.spend
    opened = Counter(row["opened_at"][:7] for row in service.tickets.values())
    for name, month in truth.months.items():
        following = (dt.date.fromisoformat(f"{name}-28") + dt.timedelta(days=4)).replace(day=1)
        boundary = min(following, truth.last + dt.timedelta(days=1))
        members, recurring = service.members_at(boundary, count.rates)
        assert (month.members_at_end, Decimal(month.recurring_at_end) / 100) == (members, recurring)
        assert month.tickets == opened[name]
    _assert_books_equal(truth, count)


def _assert_books_equal(truth: Truth, count: Recount) -> None:
    """The last word of the books: last states in UTC months, guests in them, unconverted, and what was planted."""
    books: Counter[tuple[str, str]] = Counter()
    for row in count.orders.values():
        if row["state"] not in {"annulled", "staff_test"}:
            month = f"{instant(row['placed_at']):%Y-%m}"
            books.update({(month, "revenue_gross"): _cents(row["total"]), (month, "revenue_net"): _cents(row["total"])})
            if row["refunded_at"]:
                month = f"{instant(row['refunded_at']):%Y-%m}"
                refunded = _cents(row["refunded"])
                books.update({(month, "refunds"): refunded, (month, "revenue_net"): -refunded})
    words = {"sales": "revenue_gross", "refunds": "refunds", "net_sales": "revenue_net"}
    for (day, word), total in count.service.totals.items():
        if word != "orders":
            unexplained = truth.control_totals["remainders"].get(day[:7], {}).get(words[word], "0")
            assert _cents(str(total)) == books[day[:7], words[word]] + _cents(unexplained), (day, word)


def _cents(text: str) -> int:
    return int(Decimal(text) * 100)


def test_the_truth_of_the_default_shop_adds_up_with_its_files(default_shop: Shop, default_recount: Recount) -> None:
    _assert_equal(default_shop[1], default_recount)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10_000),
    customers=st.integers(50, 300),
    days=st.integers(28, 420),
    start=st.dates(dt.date(2019, 1, 1), dt.date(2025, 12, 31)),
)
def test_the_truth_of_any_shop_adds_up_with_its_files(
    tmp_path_factory: pytest.TempPathFactory, seed: int, customers: int, days: int, start: dt.date
) -> None:
    folder = tmp_path_factory.mktemp("any")
    truth = write_shop(folder, seed=seed, customers=customers, days=days, start=start)
    _assert_equal(truth, recount(folder))


def test_each_reason_of_the_truth_is_a_fault_of_its_kind_in_the_files(
    default_shop: Shop, default_recount: Recount
) -> None:
    words = {
        "number_unreadable": "not_a_number", "number_other_separators": "not_a_number",
        "timestamp_unreadable": "not_a_date", "timestamp_in_future": "in_future", "ragged_row": "ragged",
        "currency_not_a_code": "currency", "unknown_feedback_kind": "kind", "score_out_of_scale": "scale",
        "missing_order_id": "no_id", "missing_customer_id": "no_id", "missing_feedback_id": "no_id",
        "missing_score": "no_score", "missing_monthly_amount": "no_amount", "ended_before_started": "order_in_time",
        "missing_ticket_id": "no_id", "before_opened": "order_in_time", "not_a_code": "not_a_code",
        "unknown_spend_kind": "kind", "rate_not_positive": "not_positive",
        "not_first_day_of_period": "not_a_period", "unknown_measure": "kind",
    }  # fmt: skip
    for source, reasons in default_shop[1].quarantined.items():
        found: Counter[str] = Counter()
        for reason, count in reasons.items():
            found[words[reason]] += count
        assert found == default_recount.broken[source]


def test_late_orders_arrive_as_late_as_planted(default_shop: Shop) -> None:
    folder, truth = default_shop
    first_file: dict[str, tuple[int, bool]] = {}
    for file_date, row in read(folder, "orders", Recount()):
        lag = (file_date - business_date(row["placed_at"])).days
        assert lag >= 0
        first_file.setdefault(row["order_no"], (lag, row["placed_at"] == row["changed_at"]))
    lags = Counter(lag for lag, _ in first_file.values())
    repaired = sum(
        truth.planted[name]
        for name in ("amount_in_words", "amount_with_decimal_comma", "thirtieth_of_february", "clock_years_ahead")
    )
    assert lags[1] == truth.planted["late_by_1_days"] + repaired
    for days in (3, 30, 400):
        assert lags[days] == truth.planted[f"late_by_{days}_days"] >= 10
    assert set(lags) == {0, 1, 3, 30, 400}


def test_the_autumn_night_is_written_with_both_offsets_and_nothing_else_is_ambiguous(
    default_shop: Shop, default_recount: Recount
) -> None:
    in_the_hour: Counter[str] = Counter()
    for row in default_recount.orders.values():
        for text in {row["placed_at"], row["changed_at"]}:
            moment = dt.datetime.fromisoformat(text)
            if moment.tzinfo is None:
                first, second = (moment.replace(tzinfo=ZONE, fold=fold).utcoffset() for fold in (0, 1))
                assert first == second, f"{text} is ambiguous or does not exist"
            elif not text.endswith("Z"):
                in_the_hour[text] += 1
    assert set(in_the_hour) == {
        f"{night}T02:30:00+0{hours}:00" for night in ("2023-10-29", "2024-10-27", "2025-10-26") for hours in (1, 2)
    }
    assert instant("2023-10-29T02:30:00+01:00") - instant("2023-10-29T02:30:00+02:00") == dt.timedelta(hours=1)


def test_some_orders_written_in_utc_belong_to_the_next_business_day(default_recount: Recount) -> None:
    shifted = [
        row
        for row in default_recount.valid
        if row["placed_at"].endswith("Z") and row["placed_at"][:10] != business_date(row["placed_at"]).isoformat()
    ]
    assert shifted


def test_the_shop_has_a_weekly_rhythm_a_december_peak_and_grows(default_shop: Shop, default_recount: Recount) -> None:
    months = default_shop[1].months
    for year in (2024, 2025):
        assert months[f"{year}-12"].orders > 1.4 * months[f"{year}-07"].orders
        assert months[f"{year}-06"].orders > 1.1 * months[f"{year - 1}-06"].orders
    weekdays = Counter(date.weekday() for dates in default_recount.by_customer.values() for date in dates)
    assert weekdays[6] > 1.2 * weekdays[5]


def test_true_lifetimes_differ_by_channel_and_show_in_the_orders(default_shop: Shop, default_recount: Recount) -> None:
    folder, truth = default_shop
    with (folder / "truth_customers.csv").open(encoding="utf-8", newline="") as stream:
        people = {row["customer_no"]: row for row in csv.DictReader(stream)}
    assert len(people) == 10_000
    for channel, (share, lifetime, *_) in CHANNELS.items():
        assert truth.channels[channel]["customers"] == pytest.approx(10_000 * share, rel=0.12)
        assert truth.channels[channel]["mean_true_lifetime_days"] == pytest.approx(lifetime, rel=0.15)
    for number, dates in default_recount.by_customer.items():
        assert people[number]["acquired_date"] <= min(dates).isoformat()
        assert max(dates).isoformat() <= people[number]["death_date"]
    retention = {
        channel: _monthly_retention(
            {
                number: dates
                for number, dates in default_recount.by_customer.items()
                if people[number]["channel"] == channel
            }
        )
        for channel in ("discount_site", "referral")
    }
    assert retention["discount_site"] + 0.05 < retention["referral"]
    assert 0.75 < _monthly_retention(default_recount.by_customer) < 0.92
    assert truth.months["2025-12"].customers_alive_at_end == sum(
        row["acquired_date"] <= "2025-12-31" < row["death_date"] for row in people.values()
    )


def _monthly_retention(orders: dict[str, list[dt.date]]) -> float:
    """Mean share of customers active at the start of a month of 2025 who are active at its end (90-day window)."""
    starts = [dt.date(2025, month, 1) for month in range(1, 13)]
    active = [
        {number for number, dates in orders.items() if any(date < start <= date + WINDOW for date in dates)}
        for start in starts
    ]
    kept = sum(len(before & after) for before, after in pairwise(active))
    return kept / sum(len(before) for before in active[:-1])


def test_satisfied_customers_stay_longer(default_shop: Shop) -> None:
    with (default_shop[0] / "truth_customers.csv").open(encoding="utf-8", newline="") as stream:
        people = sorted(csv.DictReader(stream), key=lambda row: float(row["mood"]))
    third = len(people) // 3
    grumpy, happy = (sum(float(row["lifetime_days"]) for row in part) for part in (people[:third], people[-third:]))
    assert happy > 1.3 * grumpy


def test_a_day_delivered_again_changes_exactly_what_it_says(tmp_path: Path) -> None:
    write_shop(tmp_path, customers=400, days=120)
    before = recount(tmp_path)
    change = redeliver_day(tmp_path)
    after = recount(tmp_path)
    assert change.orders_change == len(after.valid) - len(before.valid) == 1
    assert change.revenue_change == sum(after.gross.values()) - sum(before.gross.values())
    assert change.revenue_change == sum(after.net.values()) - sum(before.net.values())
    assert before.orders.keys() - after.orders.keys() == {change.withdrawn}
    assert after.orders.keys() - before.orders.keys() == set(change.added)
    assert Decimal(after.orders[change.corrected]["total"]) - Decimal(before.orders[change.corrected]["total"]) == 10
    assert change.path.name == f"orders_{change.date.isoformat()}.csv"
    assert after.broken["orders"] == before.broken["orders"]
