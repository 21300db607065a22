"""Simulated shops of a thousand to a hundred million orders, written block by block.

Belongs here: drawing and writing the deliveries and their configuration. Not here: known truth about the numbers (the
demo shop has that, ``retention_pipeline.demo``), running anything over them.
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

START = dt.date(2023, 1, 1)
DAYS = 1096
DAILY = 30
"""So many of the last days have a file of their own; everything known before is the first file."""
ORDERS_PER_CUSTOMER = 8
SPREAD = 1.2
"""Of the logarithm of a customer's expected number of orders: a few order hundreds of times, most once or twice."""
LATE_SHARE = 0.02
MOST_DAYS_LATE = 20
REFUNDED_SHARE = 0.03
CANCELLED_SHARE = 0.02
INVITED_SHARE = 0.06
ANSWERED_SHARE = 0.4
BLOCK = 250_000
"""Customers drawn at a time, about two million orders: what bounds the memory."""
_SECONDS = 86_400

_CONFIG = """\
[shop]
name = "Benchmark"
timezone = "Europe/Berlin"
currency = "EUR"
segments = ["country", "channel"]

[sources.orders]
path = "landing/orders/{{date}}.{suffix}"

[sources.customers]
path = "landing/customers.{suffix}"
complete_through = {last}

[sources.feedback]
path = "landing/feedback.{suffix}"
complete_through = {last}
"""


@dataclass(frozen=True)
class Shop:
    """A shop on disk.

    Attributes:
        folder: Holds ``retention.toml`` and ``landing``.
        orders: Order records in all files.
        customers: Customers, each with at least one order.
    """

    folder: Path
    orders: int
    customers: int

    @property
    def config(self) -> Path:
        """The configuration of the shop."""
        return self.folder / "retention.toml"


def write_shop(folder: Path, orders: int, *, seed: int = 11, suffix: str = "parquet", daily: int = DAILY) -> Shop:
    """Write a shop of about so many orders over three years; the same arguments write the same rows.

    Args:
        folder: Where to write; what stands there of an earlier shop is removed.
        orders: How many orders to aim at; the number written differs by a few per mille.
        seed: Seed of every draw.
        suffix: ``parquet`` or ``csv``.
        daily: Number of last days with files of their own.

    Returns:
        The shop, with the numbers really written.
    """
    landing, parts = folder / "landing", folder / "parts"
    shutil.rmtree(landing, ignore_errors=True)
    shutil.rmtree(parts, ignore_errors=True)
    (landing / "orders").mkdir(parents=True)
    parts.mkdir()
    customers = max(orders // ORDERS_PER_CUSTOMER, 1)
    with duckdb.connect(config={"temp_directory": str(parts / "spill"), "preserve_insertion_order": False}) as con:
        con.execute("SET enable_progress_bar = false")
        for number, first in enumerate(range(0, customers, BLOCK)):
            rng = np.random.default_rng([seed, number])
            _write_block(con, parts, number, draw_block(rng, first, min(BLOCK, customers - first)))
        written = _write_landing(con, parts, landing, suffix, daily)
    shutil.rmtree(parts)
    (folder / "retention.toml").write_text(_CONFIG.format(suffix=suffix, last=_day(DAYS - 1)), encoding="utf-8")
    return Shop(folder, written, customers)


def draw_block(rng: np.random.Generator, first: int, customers: int) -> pd.DataFrame:
    """One row per order of consecutively numbered customers.

    Args:
        rng: Source of randomness of this block alone.
        first: Number of the first customer.
        customers: How many.

    Returns:
        customer, started (day of joining), second (since the shop opened), known (day of delivery), cents,
        refund_cents, status, score (-1 without an invitation, -2 invited without an answer).
    """
    expected = np.exp(rng.normal(-(SPREAD**2) / 2, SPREAD, customers)) * (ORDERS_PER_CUSTOMER - 1)
    counts = 1 + rng.poisson(expected)
    started = (rng.random(customers) ** 0.7 * DAYS).astype(np.int64)
    stays = np.maximum(rng.random(customers) * (DAYS - started), 1)
    owner = np.repeat(np.arange(customers), counts)
    total = len(owner)
    later = rng.random(total) * stays[owner]
    later[np.concatenate(([0], np.cumsum(counts)[:-1]))] = 0  # the first order is on the day of joining
    day = np.minimum(started[owner] + later.astype(np.int64), DAYS - 1)
    cents = np.maximum(np.exp(rng.normal(8.2, 0.8, total)), 100).astype(np.int64)
    is_late = rng.random(total) < LATE_SHARE
    known = np.minimum(day + is_late * rng.integers(1, MOST_DAYS_LATE + 1, total), DAYS - 1)
    is_refunded = rng.random(total) < REFUNDED_SHARE
    answered = rng.random(total) < ANSWERED_SHARE
    score = np.where(answered, rng.binomial(10, 0.82, total), -2)
    return pd.DataFrame(
        {
            "customer": first + owner,
            "started": started[owner],
            "second": day * _SECONDS + rng.integers(0, _SECONDS, total),
            "known": known,
            "cents": cents,
            "refund_cents": np.where(is_refunded, cents, 0),
            "status": np.where(rng.random(total) < CANCELLED_SHARE, "cancelled", "paid"),
            "score": np.where(rng.random(total) < INVITED_SHARE, score, -1),
        }
    )


def _day(number: int) -> dt.date:
    return START + dt.timedelta(days=number)


def _write_block(con: duckdb.DuckDBPyConnection, parts: Path, number: int, block: pd.DataFrame) -> None:
    con.register("block", block)
    con.execute(f"COPY block TO '{parts}/{number:05d}.parquet'")
    con.unregister("block")


def _write_landing(con: duckdb.DuckDBPyConnection, parts: Path, landing: Path, suffix: str, daily: int) -> int:
    """The files a shop would deliver, orders in the order of time; returns the number of orders."""
    opened = f"timestamp '{START} 00:00:00'"
    con.execute(f"CREATE VIEW drawn AS FROM read_parquet('{parts}/[0-9]*.parquet')")
    orders = f"""
        SELECT 'C' || lpad(customer::VARCHAR, 9, '0') AS customer_id, {opened} + to_seconds(second) AS ordered_at,
            (cents / 100)::DECIMAL(12, 2) AS amount, status, (refund_cents / 100)::DECIMAL(12, 2) AS refund_amount,
            'O' || lpad((row_number() OVER (ORDER BY second, customer, cents))::VARCHAR, 10, '0') AS order_id, known,
            second
        FROM drawn"""
    con.execute(f"COPY ({orders}) TO '{parts}/orders.parquet'")
    columns = "order_id, customer_id, ordered_at, amount, status, refund_amount"
    for number in range(DAYS - 1 - daily, DAYS):
        known = f"known <= {number}" if number == DAYS - 1 - daily else f"known = {number}"
        con.execute(
            f"COPY (SELECT {columns} FROM read_parquet('{parts}/orders.parquet') WHERE {known}"
            f" ORDER BY second, order_id) TO '{landing}/orders/{_day(number)}.{suffix}'"
        )
    con.execute(
        f"""COPY (
            SELECT 'C' || lpad(customer::VARCHAR, 9, '0') AS customer_id,
                {opened} + to_days(min(started)::INTEGER) AS created_at,
                ['DE', 'DE', 'DE', 'FR', 'FR', 'IT', 'NL'][1 + (customer * 7919 + 13) % 7] AS country,
                ['ads', 'shop', 'friends'][1 + (customer * 104729 + 5) % 3] AS channel
            FROM drawn GROUP BY customer ORDER BY min(started), customer
        ) TO '{landing}/customers.{suffix}'"""
    )
    con.execute(
        f"""COPY (
            SELECT 'F' || lpad((row_number() OVER (ORDER BY second, customer, cents))::VARCHAR, 10, '0') AS feedback_id,
                'C' || lpad(customer::VARCHAR, 9, '0') AS customer_id, 'nps' AS kind,
                {opened} + to_seconds(second) + INTERVAL 1 HOUR AS sent_at,
                CASE WHEN score >= 0 THEN {opened} + to_seconds(second) + INTERVAL 5 HOUR END AS submitted_at,
                CASE WHEN score >= 0 THEN score END AS score
            FROM drawn WHERE score <> -1 AND second < {(DAYS - 1) * _SECONDS} ORDER BY second, customer
        ) TO '{landing}/feedback.{suffix}'"""
    )
    return int(con.sql(f"SELECT count(*) FROM read_parquet('{parts}/orders.parquet')").fetchall()[0][0])


def main() -> None:
    """Write one shop from the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--format", dest="suffix", choices=["parquet", "csv"], default="parquet")
    given = parser.parse_args()
    shop = write_shop(given.folder, given.orders, seed=given.seed, suffix=given.suffix)
    print(f"{shop.folder}: {shop.orders:,} orders of {shop.customers:,} customers")


if __name__ == "__main__":
    main()
