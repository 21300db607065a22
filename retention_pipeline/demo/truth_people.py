"""Counts what no shop knows about the customers of a simulated shop, and writes it down by customer.

Belongs here: true lifetimes and what shortens them. Not here: what the files hold (``truth_sales``, ``truth_service``).
"""

from __future__ import annotations

import csv
import datetime as dt
import io

import numpy as np
from numpy.typing import NDArray

from retention_pipeline.demo.complaints import LEAVING_SHARE
from retention_pipeline.demo.lines import customer_number
from retention_pipeline.demo.population import CHANNELS, Population
from retention_pipeline.demo.purchases import Order
from retention_pipeline.demo.rhythm import Floats, Span
from retention_pipeline.demo.truth import Truth

_CSV_HEADER = (
    "customer_no", "channel", "is_discount_acquired", "acquired_date", "death_date", "lifetime_days", "orders_per_year",
    "mood",
)  # fmt: skip


def count_people(truth: Truth, orders: list[Order], population: Population, span: Span) -> None:
    """Add what no shop knows: who is alive as a customer at the end of each month, how long customers stay, and why."""
    for name, month in truth.months.items():
        year, number = int(name[:4]), int(name[5:])
        following = dt.date(year + number // 12, number % 12 + 1, 1)
        end = 24 * min((following - span.start).days, span.days)
        month.customers_alive_at_end = int(((population.acquired < end) & (population.death >= end)).sum())
    lifetime = (population.death - population.acquired) / 24
    for channel in CHANNELS:
        members = np.array([name == channel for name in population.channel])
        truth.channels[channel] = _lifetimes(lifetime, members)
    truth.effects["acquired_with_discount"] = _lifetimes(lifetime, population.is_discount_acquired)
    truth.effects["acquired_without_discount"] = _lifetimes(lifetime, ~population.is_discount_acquired)
    for answer in LEAVING_SHARE:
        about = [order.complaint for order in orders if order.complaint and order.complaint.answer == answer]
        left = sum(complaint.drives_away for complaint in about)
        truth.effects[f"complaint_{answer}"] = {"complaints": len(about), "left_because_of_it": left}


def _lifetimes(lifetime: Floats, members: NDArray[np.bool_]) -> dict[str, float]:
    mean = float(lifetime[members].mean()) if members.any() else 0.0
    return {"customers": int(members.sum()), "mean_true_lifetime_days": round(mean, 2)}


def customers_csv(population: Population, span: Span) -> str:
    """The text of ``truth_customers.csv``: one row per customer with the true lifetime, rate and mood."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_CSV_HEADER)
    for index in range(population.size):
        acquired, death = float(population.acquired[index]), float(population.death[index])
        writer.writerow(
            (
                customer_number(index),
                population.channel[index],
                str(bool(population.is_discount_acquired[index])).lower(),
                span.date(int(acquired // 24)),
                span.date(int(death // 24)),
                f"{(death - acquired) / 24:.3f}",
                f"{population.rate[index] * 365.25:.4f}",
                f"{population.satisfaction[index]:.4f}",
            )
        )
    return text.getvalue()
