"""A small shop in a database, and its intake into a store in memory."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from retention_pipeline.config import Settings, load_settings
from retention_pipeline.core.progress import Silent
from retention_pipeline.core.window import EVERYTHING, Window
from retention_pipeline.intake.ingest import ingest
from retention_pipeline.intake.report import IntakeReport
from tests.extract.server import READER, Server
from tests.intake.conftest import KEY, SOURCE_TABLES, new_store

TABLES = f"""
    drop schema if exists shop cascade;
    create schema shop;
    create table shop.orders (
        order_id bigint primary key, customer_id text, ordered_at timestamptz not null, status text not null,
        currency char(3) not null default 'EUR', amount numeric not null, refund_amount numeric,
        updated_at timestamptz, note text);
    create table shop.customers (
        customer_id text primary key, email text, created_at timestamptz, updated_at timestamptz, country text);
    create table shop.feedback (
        feedback_id uuid primary key, customer_id text, submitted_at timestamptz, score int, kind text,
        updated_at timestamptz, comment text);
    grant usage on schema shop to {READER};
    grant select on all tables in schema shop to {READER};
    alter default privileges in schema shop grant select on tables to {READER};
"""
ORDERS = 'database = "postgresql"\ntable = "shop.orders"\ncursor = "updated_at"'
SNAPSHOT = 'database = "postgresql"\ntable = "shop.orders"\nkind = "snapshot"'
CUSTOMERS = '[sources.customers]\ndatabase = "postgresql"\ntable = "shop.customers"\n'
FEEDBACK = '[sources.feedback]\ndatabase = "postgresql"\ntable = "shop.feedback"\ncursor = "updated_at"\n'


def create_tables(owner: psycopg.Connection) -> None:
    owner.execute(TABLES)


class Told(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int]] = []
        self.warnings: list[str] = []

    def step(self, detail: str, done: int, total: int) -> None:
        self.steps.append((detail, done, total))

    def warn(self, message: str) -> None:
        self.warnings.append(message)


class DatabaseShop:
    """One database, one configuration, one store."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server
        self.owner = server.connect()
        self.store: duckdb.DuckDBPyConnection = new_store()
        self.told = Told()
        self.configure()

    def configure(
        self, orders: str = ORDERS, *, rest: str = "", shop: str = "", zone: str = "Europe/Berlin"
    ) -> Settings:
        self.config = self.folder / "retention.toml"
        head = f'[shop]\nname = "t"\ntimezone = "{zone}"\ncurrency = "EUR"\n{shop}\n'
        limits = "[limits]\nmax_quarantined_share = 1.0\n"
        self.config.write_text(f"{head}[sources.orders]\n{orders}\n{rest}\n{limits}", encoding="utf-8")
        self.settings = load_settings(self.config, self.folder / "home")
        return self.settings

    def order(
        self, number: int, updated: str | None, *, amount: str = "10.00", customer: str = "c1", status: str = "paid",
        ordered: str = "2026-03-01 10:00+00",
    ) -> None:  # fmt: skip
        """Insert an order, or change it."""
        self.owner.execute(
            "insert into shop.orders (order_id, customer_id, ordered_at, status, amount, updated_at)"
            " values (%s, %s, %s, %s, %s, %s) on conflict (order_id) do update set"
            " status = excluded.status, amount = excluded.amount, updated_at = excluded.updated_at",
            [number, customer, ordered, status, amount, updated],
        )

    def ingest(self, received: str, key: bytes = KEY, window: Window = EVERYTHING) -> IntakeReport:
        """Take in on a day; checks that records are conserved and that one delivery counts for each day."""
        day = dt.date.fromisoformat(received)
        report = ingest(self.store, self.settings, key, received_date=day, progress=self.told, window=window)
        loaded = " UNION ALL ".join(f"SELECT delivery_id FROM {table.qualified}" for table in SOURCE_TABLES)
        assert (
            self.query(
                "SELECT d.path FROM raw.deliveries d"
                f" LEFT JOIN (SELECT delivery_id, count(*) AS n FROM ({loaded}) GROUP BY 1) l USING (delivery_id)"
                " LEFT JOIN (SELECT delivery_id, count(*) AS n FROM raw.quarantine GROUP BY 1) q USING (delivery_id)"
                " WHERE d.loaded <> coalesce(l.n, 0) OR d.quarantined <> coalesce(q.n, 0)"
                " OR d.records <> d.loaded + d.quarantined + d.suppressed"
            )
            == []
        )
        twice = "SELECT 1 FROM raw.deliveries WHERE is_current GROUP BY source, business_date HAVING count(*) > 1"
        assert self.query(twice) == []
        return report

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return self.store.execute(sql).fetchall()

    def deliveries(self, source: str = "orders") -> list[tuple[str | None, int]]:
        """Business date and loaded records of what counts, in order."""
        return [
            (None if day is None else str(day), loaded)
            for day, loaded in self.query(
                f"SELECT business_date, loaded FROM raw.deliveries WHERE source = '{source}' AND is_current"
                " ORDER BY business_date NULLS FIRST"
            )
        ]

    def state(self, as_of: str = "9999-12-31") -> dict[str, tuple[str, str]]:
        """Status and amount of each order as known on a day, by the rule of staging."""
        rows = self.query(
            "SELECT order_id, o.status, amount FROM raw.orders o JOIN raw.deliveries d USING (delivery_id)"
            f" WHERE d.is_current AND d.status = 'accepted' AND o.known_date <= DATE '{as_of}'"
            f" AND coalesce(d.business_date, DATE '1900-01-01') <= DATE '{as_of}'"
            " QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY o.updated_at DESC NULLS LAST,"
            " o.known_date DESC, o.delivery_id DESC, o.line DESC) = 1 ORDER BY order_id"
        )
        return {number: (status, str(amount)) for number, status, amount in rows}
