"""A very small shop with a person in it who is to be erased, and everything that is written about her.

Belongs here: files, configuration, running. Not here: what is expected of the product.
"""

from __future__ import annotations

import atexit
import datetime as dt
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from retention_pipeline.core.home import Home
from retention_pipeline.core.progress import Silent
from retention_pipeline.core.window import EVERYTHING
from retention_pipeline.defs.dbt_parsed import ensure_manifest
from retention_pipeline.defs.raw import take_in
from retention_pipeline.intake.identity import hash_id
from retention_pipeline.warehouse.erasure.log import Log, load_log
from retention_pipeline.warehouse.erasure.people import Person
from retention_pipeline.warehouse.erasure.steps import ready
from retention_pipeline.warehouse.store import open_store
from tests.folder import Folder

KEY_TEXT = "a key that only tests use"
KEY = KEY_TEXT.encode()
ADA, MAIL, NAME = "KUNDE-4711-ADA", "ada.lovelace@example.org", "Ada Lovelace"
ADA_HASH = hash_id(KEY, ADA) or ""
ENVIRONMENT = {"RETENTION_ID_KEY": KEY_TEXT, "RETENTION_RECEIVED_ON": "2026-01-01"}

CONFIG = """
[shop]
name = "Tiny"
timezone = "UTC"
currency = "EUR"
grains = ["month"]
cohort_grains = ["month"]
segments = ["country"]
[sources.orders]
path = "landing/orders{which}.csv"
[sources.customers]
path = "landing/customers.csv"
[sources.feedback]
path = "landing/feedback.csv"
scales = {{ nps = {{ measure = "nps", min = 0, max = 10 }} }}
[sources.tickets]
path = "landing/tickets.csv"
[limits]
max_quarantined_share = 1.0
"""
_COUNTRIES = ("DE", "DE", "AT", "AT", "FR")


@dataclass(frozen=True)
class Tiny(Folder):
    """A folder with delivered files and a home."""

    @property
    def log(self) -> Log:
        return load_log(self.home, KEY)

    def write(
        self, *, people: int = 30, which: str = "", is_there: bool = True, only_hers: Collection[str] = ()
    ) -> None:
        """Configuration and files: Ada among others (unless she never was there), some of her records set aside.

        Args:
            people: How many customers, Ada included.
            which: What the name of the file of orders ends with.
            is_there: Whether Ada has ever been a customer.
            only_hers: Sources that hold nobody but her.
        """
        landing = self.folder / "landing"
        landing.mkdir(parents=True, exist_ok=True)
        self.config.write_text(CONFIG.format(which=which), encoding="utf-8")
        customers = [ADA, *(f"KUNDE-{number:04}" for number in range(1, people))]
        files = {
            "orders": ("order_id,customer_id,ordered_at,amount,status", _orders(customers)),
            "customers": ("customer_id,created_at,country", [
                f"{customer},2024-01-01T00:00:00,{_COUNTRIES[number % len(_COUNTRIES)]}"
                for number, customer in enumerate(customers)
            ]),
            "feedback": ("feedback_id,customer_id,order_id,submitted_at,kind,score,wave", _feedback(customers)),
            "tickets": ("ticket_id,customer_id,opened_at,kind", [
                f"T-{customer},{customer},2024-02-03T10:00:00,complaint" for customer in customers[:3]
            ]),
        }  # fmt: skip
        for name, (header, written) in files.items():
            lines = (
                written
                if is_there
                else [line for line in written if not any(one in line for one in (ADA, MAIL, "O0002"))]
            )
            if name in only_hers:
                lines = [line for line in lines if ADA in line]
            path = landing / f"{name}.csv"
            path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")

    def with_parsed(self) -> Tiny:
        """The dbt project parsed beforehand: it takes seconds and is the same for every shop."""
        shutil.copytree(_parsed(), self.folder / ".retention" / "dbt")
        return self

    def take_in(self) -> None:
        """What the first step of a run does."""
        log = ready(self.home, KEY)
        with open_store(self.home) as store:
            take_in(store, self.settings, KEY, EVERYTHING, Silent(), log.erased)

    def count(self, sql: str) -> int:
        with open_store(self.home, read_only=True) as store:
            return int(store.execute(sql).fetchall()[0][0])

    def command(self, *arguments: str, given: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the command in a process of its own."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("RETENTION_")}
        return subprocess.run(
            [sys.executable, "-m", "retention_pipeline.cli", "--config", str(self.config), *arguments],
            capture_output=True, text=True, env={**ours, **ENVIRONMENT, **more}, input=given, timeout=900, check=False,
        )  # fmt: skip


@functools.cache
def _parsed() -> Path:
    home = Home(Path(tempfile.mkdtemp(prefix="parsed-")))
    atexit.register(shutil.rmtree, home.root, ignore_errors=True)
    ensure_manifest(home)
    return home.dbt_target


def ada(*names: str) -> Person:
    """The person who is to be erased."""
    return Person(ADA, ADA_HASH, names)


def _orders(customers: list[str]) -> list[str]:
    lines = []
    for number, customer in enumerate(customers):
        for month in range(1, 5):
            if (number + month) % 3 or customer == ADA:
                day = dt.date(2024, month, 1 + (number * 7) % 27)
                lines.append(f"O{number:03}{month},{customer},{day}T10:00:00,{10 + number}.50,paid")
    lines += [
        f"OX1,{ADA},2024-02-05T10:00:00,twelve,paid",  # her own, set aside
        f"OX2 {MAIL},KUNDE-0001,2024-02-05T10:00:00,twelve,paid",  # somebody else's, naming her
        "OX3,KUNDE-0002,2024-02-05T10:00:00,twelve,paid",  # nobody's business
    ]
    return lines


def _feedback(customers: list[str]) -> list[str]:
    lines = [
        f"F{number:03},{customer},O{number:03}2,2024-02-20T10:00:00,nps,{number % 11},"
        for number, customer in enumerate(customers)
        if number % 3 != 1
    ]
    # about her order, without her number; before the last day, which stays delivered when she is erased
    return [*lines, "FX1,,O0002,2024-02-19T10:00:00,nps,3,"]
