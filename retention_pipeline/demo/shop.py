"""Writes the demo shop: a folder a user can run the pipeline on, and the truth to compare the results with.

Belongs here: putting the parts of the simulation together. Not here: the parts.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import numpy as np

from retention_pipeline.core.errors import ConfigError
from retention_pipeline.demo.answers import draw_answers
from retention_pipeline.demo.dirt import Ledger, OrderDirt
from retention_pipeline.demo.dirt_people import answer_twice, plant_in_customers, plant_in_feedback
from retention_pipeline.demo.dirt_service import plant_in_service
from retention_pipeline.demo.files import LANDING, write_landing
from retention_pipeline.demo.lines import Lines
from retention_pipeline.demo.population import draw_population
from retention_pipeline.demo.purchases import draw_orders
from retention_pipeline.demo.rates import draw_rates
from retention_pipeline.demo.records import answer_lines, customer_lines, order_lines
from retention_pipeline.demo.rhythm import Rhythm, Span, Stamps
from retention_pipeline.demo.service import draw_service
from retention_pipeline.demo.truth import Truth
from retention_pipeline.demo.truth_people import count_people, customers_csv
from retention_pipeline.demo.truth_sales import count_orders
from retention_pipeline.demo.truth_service import count_answers, parameters

START = dt.date(2023, 1, 1)
MINIMUM_CUSTOMERS = 50
MINIMUM_DAYS = 28


def write_shop(
    folder: Path, *, seed: int = 7, customers: int = 10_000, days: int = 1096, start: dt.date = START
) -> Truth:
    """Write ``retention.toml``, ``landing/<source>/<source>[_<date>].csv``, ``truth.json``, ``truth_customers.csv``.

    The same arguments write the same bytes. A demo shop that stands in the folder already is replaced.

    Args:
        folder: Where to write; created when missing.
        seed: Seed of every draw.
        customers: How many customers ever order (at least 50); orders follow, about five a customer in three years.
        days: How many days the shop delivers (at least 28): a file a day for orders, customers and feedback, one a
            month for subscriptions, tickets and control totals, and a single one for the other sources.
        start: The first day.

    Returns:
        The truth about the shop; ``truth.json`` holds the same.

    Raises:
        ConfigError: The shop would be too small, or the folder holds deliveries that are not a demo shop's.
    """
    if customers < MINIMUM_CUSTOMERS or days < MINIMUM_DAYS:
        raise ConfigError(f"a demo shop needs at least {MINIMUM_CUSTOMERS} customers and {MINIMUM_DAYS} days")
    _check_folder(folder)
    span = Span(start, days)
    truth, sources, people = _simulate(span, seed, customers)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "truth.json").write_text(truth.to_json(), encoding="utf-8")
    (folder / "truth_customers.csv").write_text(people, encoding="utf-8")
    write_landing(folder, span, sources)
    (folder / "retention.toml").write_bytes(Path(__file__).with_name("retention.toml").read_bytes())
    return truth


def _check_folder(folder: Path) -> None:
    is_demo = (folder / "truth.json").exists()
    if not is_demo and ((folder / LANDING).exists() or (folder / "retention.toml").exists()):
        raise ConfigError(f"{folder} holds a shop that is not a demo shop", remedy="name an empty or a new folder")


def _simulate(span: Span, seed: int, customers: int) -> tuple[Truth, tuple[Lines, ...], str]:
    """Draw the shop, plant the dirt, count the truth; each part has its own stream of random numbers."""
    streams = [np.random.default_rng([seed, part]) for part in range(10)]
    rhythm, stamps, ledger = Rhythm(span), Stamps(span), Ledger()
    rates = draw_rates(streams[7], span)
    orders, population = draw_orders(streams[1], rhythm, draw_population(streams[0], rhythm, customers))
    answers = draw_answers(streams[2], population, orders, span)
    second_answers = answer_twice(streams[3], answers, span)
    ledger.planted["answered_twice"] = len(second_answers)
    answers += second_answers
    lines = (
        order_lines(orders, stamps),
        customer_lines(streams[4], population, orders, stamps),
        answer_lines(answers, stamps),
    )
    truth = Truth(seed=seed, start=span.start, last=span.last, customers=customers, parameters=parameters())
    OrderDirt(streams[5], stamps, orders, lines[0], ledger).plant()
    plant_in_customers(streams[6], span, lines[1], ledger)
    plant_in_feedback(streams[6], answers, lines[2], ledger)
    truth.customers_sent = len(lines[1].of)
    count_orders(truth, orders, rates, span)
    count_people(truth, orders, population, span)
    count_answers(truth, answers, span)
    others = draw_service(streams[8], population, orders, rates, stamps, truth)
    plant_in_service(streams[9], others, ledger)
    ledger.planted.update(Counter(order.outcome for order in orders if order.outcome != "plain"))
    _count_records(truth, (*lines, *others), ledger)
    return truth, (*lines, *others), customers_csv(population, span)


def _count_records(truth: Truth, sources: tuple[Lines, ...], ledger: Ledger) -> None:
    """Add what the files hold and what intake must make of it."""
    truth.planted = dict(sorted(ledger.planted.items()))
    for lines in sources:
        truth.records[lines.source] = sum(map(len, lines.of.values()))
        truth.suppressed[lines.source] = ledger.suppressed[lines.source]
        truth.quarantined[lines.source] = dict(sorted(ledger.quarantined.get(lines.source, {}).items()))
