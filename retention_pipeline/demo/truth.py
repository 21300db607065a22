"""What is true about a simulated shop, computed from the simulation and never from the files.

Belongs here: the quantities tests compare the pipeline with. Not here: the pipeline's own definitions of activity
(a customer who is alive here has not left for good, whether or not an order shows it).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

import numpy as np

from retention_pipeline.demo.answers import Answer
from retention_pipeline.demo.population import CHANNELS, Population
from retention_pipeline.demo.purchases import GUEST, Order
from retention_pipeline.demo.records import customer_number, money
from retention_pipeline.demo.rhythm import DAY, Span

EXCLUDED_STATES = {"annulled": "status_cancelled", "staff_test": "status_test"}


@dataclass
class Month:
    """One business month; money in cents until it is written."""

    orders: int = 0
    orders_guest: int = 0
    revenue_gross: int = 0
    revenue_net: int = 0
    customers_ordering: int = 0
    customers_new: int = 0
    customers_alive_at_end: int = 0


@dataclass
class Truth:
    """The truth about one simulated shop; ``truth.json`` holds the same, money as decimal strings.

    ``customers_sent`` and ``orders_sent`` count distinct things the files hold in a readable record; ``records`` counts
    records of the files. A valid order is one whose last delivered state is a sale above zero. ``months`` is keyed
    ``YYYY-MM`` by the business date of the order.
    """

    seed: int
    start: dt.date
    last: dt.date
    customers: int
    customers_sent: int = 0
    customers_with_valid_order: int = 0
    customers_repeat: int = 0
    orders_sent: int = 0
    orders_valid: int = 0
    orders_guest: int = 0
    orders_refunded: int = 0
    orders_excluded: dict[str, int] = field(default_factory=dict)
    revenue_gross: int = 0
    revenue_net: int = 0
    months: dict[str, Month] = field(default_factory=dict)
    answers_sent: dict[str, int] = field(default_factory=dict)
    answers_counted: dict[str, int] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    quarantined: dict[str, dict[str, int]] = field(default_factory=dict)
    suppressed: dict[str, int] = field(default_factory=dict)
    planted: dict[str, int] = field(default_factory=dict)
    channels: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def repeat_rate(self) -> float:
        """Share of customers with a valid order who have at least two."""
        return self.customers_repeat / self.customers_with_valid_order

    def to_json(self) -> str:
        """The text of ``truth.json``."""
        table = asdict(self)
        for money_holder in (table, *table["months"].values()):
            for name in ("revenue_gross", "revenue_net"):
                money_holder[name] = money(money_holder[name])
        return json.dumps(table, indent=2, default=str) + "\n"


def count_orders(truth: Truth, orders: list[Order], span: Span) -> None:
    """Add what is true about orders."""
    months = {f"{span.date(day):%Y-%m}": Month() for day in range(span.days)}
    per_customer: Counter[int] = Counter()
    excluded: Counter[str] = Counter()
    ordering: dict[str, set[int]] = {name: set() for name in months}
    for order in orders:
        if order.is_lost:
            continue
        truth.orders_sent += 1
        reason = EXCLUDED_STATES.get(order.final.state) or ("non_positive_amount" if order.final.cents <= 0 else "")
        if reason:
            excluded[reason] += 1
            continue
        name = f"{span.date(order.day):%Y-%m}"
        for holder in (truth, months[name]):
            holder.revenue_gross += order.final.cents
            holder.revenue_net += order.final.cents - order.final.refunded
        months[name].orders += 1
        truth.orders_valid += 1
        truth.orders_refunded += order.final.refunded > 0
        if order.customer == GUEST:
            months[name].orders_guest += 1
            truth.orders_guest += 1
        else:
            months[name].customers_new += order.customer not in per_customer
            per_customer[order.customer] += 1
            ordering[name].add(order.customer)
    for name, customers in ordering.items():
        months[name].customers_ordering = len(customers)
    truth.months, truth.orders_excluded = months, dict(sorted(excluded.items()))
    truth.customers_with_valid_order = len(per_customer)
    truth.customers_repeat = sum(count > 1 for count in per_customer.values())


def count_people(truth: Truth, population: Population, span: Span) -> None:
    """Add what no shop knows: who is still alive as a customer at the end of each month, and for how long they stay."""
    for name, month in truth.months.items():
        year, number = int(name[:4]), int(name[5:])
        following = dt.date(year + number // 12, number % 12 + 1, 1)
        end = 24 * min((following - span.start).days, span.days)
        month.customers_alive_at_end = int(((population.acquired < end) & (population.death >= end)).sum())
    lifetime = (population.death - population.acquired) / 24
    for channel in CHANNELS:
        members = np.array([name == channel for name in population.channel])
        mean = float(lifetime[members].mean()) if members.any() else 0.0
        truth.channels[channel] = {"customers": int(members.sum()), "mean_true_lifetime_days": round(mean, 2)}


def count_answers(truth: Truth, answers: Iterable[Answer], span: Span) -> None:
    """Add the answers by survey; of several answers of a customer to one survey in a month one counts."""
    waves: dict[str, set[tuple[int, str]]] = {}
    sent: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    for answer in answers:
        if answer.is_lost:
            continue
        sent[answer.kind] += 1
        wave = (answer.customer, f"{span.date(answer.submitted // DAY):%Y-%m}")
        seen = waves.setdefault(answer.kind, set())
        if answer.customer == GUEST or wave not in seen:
            counted[answer.kind] += 1
        seen.add(wave)
    truth.answers_sent, truth.answers_counted = dict(sorted(sent.items())), dict(sorted(counted.items()))


def customers_csv(population: Population, span: Span) -> str:
    """The text of ``truth_customers.csv``: one row per customer with the true lifetime, rate and mood."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ("customer_no", "channel", "acquired_date", "death_date", "lifetime_days", "orders_per_year", "mood")
    )
    for index in range(population.size):
        acquired, death = float(population.acquired[index]), float(population.death[index])
        writer.writerow(
            (
                customer_number(index),
                population.channel[index],
                span.date(int(acquired // 24)),
                span.date(int(death // 24)),
                f"{(death - acquired) / 24:.3f}",
                f"{population.rate[index] * 365.25:.4f}",
                f"{population.satisfaction[index]:.4f}",
            )
        )
    return text.getvalue()
