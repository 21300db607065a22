"""Records of the public data sets, read from their raw rows without the pipeline's SQL.

Belongs here: what the raw lines mean, in Python. DuckDB only fetches rows. Not here: numbers to expect.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from tests.oracle.records import Answer, Coverage, Customer, Order, Records
from tests.oracle.source_records import Subscription

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
ABSENT = f"the public data sets are not beside this repository ({DATA.name}/)"
BEGINNING = dt.date(1900, 1, 1)


def example(name: str) -> Path:
    """The configuration of one example."""
    return ROOT / "examples" / f"{name}.toml"


def fetch(path: str, columns: str) -> list[tuple[Any, ...]]:
    """Raw rows in file order."""
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        return connection.execute(f"select {columns} from read_parquet(?)", [str(DATA / path)]).fetchall()


def fetch_grouped(path: str, columns: str, group: str) -> list[tuple[Any, ...]]:
    """One row per group."""
    with duckdb.connect() as connection:
        query = f"select {columns} from read_parquet(?) group by {group}"
        return connection.execute(query, [str(DATA / path)]).fetchall()


def as_utc(local: dt.datetime, zone: str) -> dt.datetime:
    """A naive local time as a naive UTC instant."""
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC).replace(tzinfo=None)


def in_cents(price: float) -> Decimal:
    """A price as it was printed: the shortest decimal that the stored double stands for."""
    return Decimal(repr(price))


def online_retail() -> Records:
    """One order per invoice of the e-tailer; the value of an invoice is that of its valid sale lines."""
    invoices: dict[str, list[tuple[int, dt.datetime, float, str | None]]] = defaultdict(list)
    countries: dict[str, dict[str, dt.datetime]] = defaultdict(dict)
    columns = "invoice_no, quantity, invoice_ts, unit_price, customer_id, country"
    for number, quantity, at, price, customer, country in fetch("online_retail/order_lines.parquet", columns):
        invoices[number].append((quantity, at, price, customer))
        if customer is not None:
            countries[customer][country] = max(at, countries[customer].get(country, at))
    orders = [_invoice(number, lines, index) for index, (number, lines) in enumerate(invoices.items(), start=1)]
    customers = [
        Customer(customer, None, {"country": _latest(seen)}, BEGINNING, index)
        for index, (customer, seen) in enumerate(countries.items(), start=1)
    ]
    return history(orders, customers, None)


def _invoice(number: str, lines: list[tuple[int, dt.datetime, float, str | None]], index: int) -> Order:
    amount = sum(
        (quantity * in_cents(price) for quantity, _, price, _ in lines if quantity > 0 and price > 0), Decimal()
    )
    first = min(at for _, at, _, _ in lines)
    status = {"C": "cancelled", "A": "void"}.get(number[0], "paid")
    (customer,) = {customer for *_, customer in lines}
    at = as_utc(first, "Europe/London")
    return Order(number, customer, at, None, status, amount, Decimal(), first.date(), index)


def _latest(seen: dict[str, dt.datetime]) -> str:
    """The country of the customer's last invoice line; of two at the same minute the one later in the alphabet."""
    return max(seen, key=lambda country: (seen[country], country))


def olist() -> Records:
    """Orders, people and review answers of the marketplace."""
    zone = "America/Sao_Paulo"
    words = {"canceled": "cancelled", "unavailable": "cancelled", "created": "pending"}
    orders = []
    columns = "order_id, customer_unique_id, order_ts, status, amount, payment_value"
    for index, row in enumerate(fetch("olist_20k/orders.parquet", columns), start=1):
        number, person, at, status, amount, paid = row
        value = in_cents(paid if amount is None else amount)
        word = words.get(status, "paid")
        orders.append(Order(number, person, as_utc(at, zone), None, word, value, Decimal(), at.date(), index))
    states: dict[str, Counter[str]] = defaultdict(Counter)
    for person, state in fetch("olist_20k/customers.parquet", "customer_unique_id, customer_state"):
        states[person][state] += 1
    customers = [
        Customer(person, None, {"customer_state": _commonest(seen)}, BEGINNING, index)
        for index, (person, seen) in enumerate(states.items(), start=1)
    ]
    columns = "feedback_id || '/' || order_id, customer_unique_id, survey_sent_date, feedback_ts, score"
    answers = []
    for index, (key, person, sent, at, score) in enumerate(fetch("olist_20k/feedback.parquet", columns), start=1):
        stars, asked = (Decimal(score), Decimal(1), Decimal(5)), None if sent is None else as_utc(sent, zone)
        answers.append(
            Answer(key, person, as_utc(at, zone), "csat", *stars, None, None, at.date(), index, asked)
        )  # fmt: skip
    return history(orders, customers, answers)


def _commonest(seen: Counter[str]) -> str:
    """The state of most accounts; of equally many the first in the alphabet."""
    return min(seen, key=lambda state: (-seen[state], state))


def cdnow() -> Records:
    """Orders of the music shop; no customer attributes, no feedback."""
    rows = fetch("cdnow_sample/orders.parquet", "order_id, customer_id, order_ts, amount")
    orders = [
        Order(
            number,
            customer,
            as_utc(at, "America/New_York"),
            None,
            "paid",
            in_cents(amount),
            Decimal(),
            at.date(),
            index,
        )
        for index, (number, customer, at, amount) in enumerate(rows, start=1)
    ]
    return history(orders, [], None)


PICTURE = dt.date(2019, 12, 31)
"""The day the telephone company's only picture was taken."""


def telco() -> Records:
    """Subscriptions of the telephone company, counted back from the picture by tenure, and a bill for each month."""
    columns = "customerID, tenure, Churn, MonthlyCharges, Contract, InternetService, PaymentMethod"
    zone, picture = "America/Los_Angeles", dt.datetime.combine(PICTURE, dt.time())
    subscriptions, orders, customers = [], [], []
    for index, row in enumerate(fetch("telco/customers.parquet", columns), start=1):
        person, tenure, left, charge, contract, internet, payment = row
        monthly, months = Decimal(str(charge)), int(tenure)
        start = _months_before(picture, months)
        end = as_utc(picture, zone) if left == "Yes" else None
        subscriptions.append(
            Subscription(person, person, as_utc(start, zone), end, monthly, None, None, start.date(), index)
        )
        for number in range(1, months + 1):
            at = _months_before(picture, months - number)
            key = f"{person}/{number}"
            orders.append(Order(key, person, as_utc(at, zone), None, "paid", monthly, Decimal(), at.date(), index))
        told = {"contract": contract, "internet_service": internet, "payment_method": payment}
        customers.append(Customer(person, None, told, BEGINNING, index))
    coverage = {name: Coverage(history_through=PICTURE) for name in ("orders", "customers", "subscriptions")}
    return Records(orders, customers, None, coverage, subscriptions)


def _months_before(day: dt.datetime, months: int) -> dt.datetime:
    """The same day of an earlier month, or its last one where it has no such day."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return day.replace(year=years, month=month + 1, day=min(day.day, monthrange(years, month + 1)[1]))


def history(orders: list[Order], customers: list[Customer], feedback: list[Answer] | None) -> Records:
    """Sources that are one history file each, complete to their last row."""

    def through(rows: Sequence[Order | Customer | Answer]) -> Coverage:
        return Coverage(history_through=max((row.known_date for row in rows), default=None))

    coverage = {"orders": through(orders), "customers": through(customers), "feedback": through(feedback or [])}
    return Records(orders, customers, feedback, coverage)
