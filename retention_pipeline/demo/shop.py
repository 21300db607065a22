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
from retention_pipeline.demo.files import LANDING, write_landing
from retention_pipeline.demo.population import draw_population
from retention_pipeline.demo.purchases import draw_orders
from retention_pipeline.demo.records import Lines, answer_lines, customer_lines, order_lines
from retention_pipeline.demo.rhythm import Rhythm, Span, Stamps
from retention_pipeline.demo.truth import Truth, count_answers, count_orders, count_people, customers_csv

START = dt.date(2023, 1, 1)
MINIMUM_CUSTOMERS = 50
MINIMUM_DAYS = 28


def write_shop(
    folder: Path, *, seed: int = 7, customers: int = 10_000, days: int = 1096, start: dt.date = START
) -> Truth:
    """Write ``retention.toml``, ``landing/<source>/<source>_<date>.csv``, ``truth.json`` and ``truth_customers.csv``.

    The same arguments write the same bytes. A demo shop that stands in the folder already is replaced.

    Args:
        folder: Where to write; created when missing.
        seed: Seed of every draw.
        customers: How many customers ever order (at least 50); orders follow, about five a customer in three years.
        days: How many days the shop delivers, one file per source and day (at least 28).
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
    streams = [np.random.default_rng([seed, part]) for part in range(7)]
    rhythm, stamps, ledger = Rhythm(span), Stamps(span), Ledger()
    population = draw_population(streams[0], rhythm, customers)
    orders = draw_orders(streams[1], rhythm, population)
    answers = draw_answers(streams[2], population, orders, span)
    second_answers = answer_twice(streams[3], answers, span)
    ledger.planted["answered_twice"] = len(second_answers)
    answers += second_answers
    lines = (
        order_lines(orders, stamps),
        customer_lines(streams[4], population, orders, stamps),
        answer_lines(answers, stamps),
    )
    OrderDirt(streams[5], stamps, orders, lines[0], ledger).plant()
    plant_in_customers(streams[6], span, lines[1], ledger)
    plant_in_feedback(streams[6], answers, lines[2], ledger)
    ledger.planted.update(Counter(order.outcome for order in orders if order.outcome != "plain"))
    truth = Truth(seed=seed, start=span.start, last=span.last, customers=customers, customers_sent=len(lines[1].of))
    truth.planted, truth.suppressed = dict(sorted(ledger.planted.items())), dict(ledger.suppressed)
    truth.quarantined = {source: dict(sorted(reasons.items())) for source, reasons in ledger.quarantined.items()}
    truth.records = {about.source: sum(map(len, about.of.values())) for about in lines}
    count_orders(truth, orders, span)
    count_people(truth, population, span)
    count_answers(truth, answers, span)
    return truth, lines, customers_csv(population, span)
