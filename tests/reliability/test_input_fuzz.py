"""Faults B1 to B5, B8, S1: damaged files against a reader of another making, letter by letter.

A bounded number of cases runs with every commit; ``FUZZ_CASES`` names another one:

    FUZZ_CASES=100000 python -m pytest tests/reliability/test_input_fuzz.py -m slow -s
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.intake.conftest import KEY, Shop, new_store
from tests.reliability.input_mutations import case
from tests.reliability.input_oracle import COLUMNS, Outcome, outcome

SEED = 20261
FIRST_DAY = dt.date(2010, 1, 1)
RECEIVED = dt.date(2026, 3, 10)
BATCH = 2000
"""Files of one intake, each of a day of its own."""


@pytest.fixture
def fuzzed(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    shop.configure(f'path = "landing/{{date}}.csv"\nmay_lack = {list(COLUMNS)}')
    yield shop
    shop.store.close()


class Tally:
    """What became of the cases, and whatever the two readers disagree about."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []

    def compare(self, number: int, expected: Outcome, refused: str | None, found: Found) -> None:
        self.counts["cases"] += 1
        if refused is not None or expected.refusal is not None:
            self.counts[f"refused: {refused}"] += 1
            if refused != expected.refusal:
                self.faults.append(f"case {number}: refused as {refused}, expected {expected.refusal}")
            return
        self.counts["records"] += expected.records
        self.counts["loaded"] += len(expected.loaded)
        self.counts["set aside"] += len(expected.aside)
        self.counts["suppressed"] += expected.suppressed
        if found.records != (expected.records, expected.suppressed):
            self.faults.append(f"case {number}: conservation: {found.records} for {expected}")
        if found.loaded != expected.loaded:
            self.faults.append(f"case {number}: silent change: {differing(found.loaded, expected.loaded)}")
        if not same_reasons(found.aside, expected.aside):
            self.faults.append(f"case {number}: reasons: {differing(found.aside, expected.aside)}")


def differing(found: Mapping[int, object], expected: Mapping[int, object]) -> list[tuple[int, object, object]]:
    """Line, what was found and what was expected, where these differ."""
    return [
        (line, found.get(line), expected.get(line))
        for line in sorted({*found, *expected})
        if found.get(line) != expected.get(line)
    ]


class Found:
    """What the store says of one file."""

    def __init__(self) -> None:
        self.records = (0, 0)
        self.loaded: dict[int, tuple[object, ...]] = {}
        self.aside: dict[int, str] = {}


def same_reasons(found: dict[int, str], expected: dict[int, str]) -> bool:
    """Equal, where ``number_*`` stands for any reason of an unreadable number but the two exact ones."""
    exact = {"number_too_many_decimals", "number_out_of_range"}
    return found.keys() == expected.keys() and all(
        found[line] == reason
        or (reason == "number_*" and found[line].startswith("number_") and found[line] not in exact)
        for line, reason in expected.items()
    )


def fuzz(shop: Shop, first: int, count: int, tally: Tally) -> None:
    """Take in cases as the files of as many days, and compare."""
    landing = shop.folder / "landing"
    shutil.rmtree(landing, ignore_errors=True)
    landing.mkdir()
    shop.store.close()
    shop.store = new_store()
    days = [FIRST_DAY + dt.timedelta(days=number) for number in range(count)]
    contents = [case(SEED, first + number) for number in range(count)]
    for day, content in zip(days, contents, strict=True):
        (landing / f"{day}.csv").write_bytes(content)
    report = shop.ingest(RECEIVED)
    refused = {refusal.path[len("landing/") :][:10]: refusal for refusal in report.refused}
    assert all(refusal.reason and refusal.detail and refusal.remedy for refusal in report.refused)
    found = read_back(shop)
    for number, (day, content) in enumerate(zip(days, contents, strict=True)):
        refusal = refused.get(str(day))
        reason = None if refusal is None else refusal.reason
        tally.compare(first + number, outcome(content, day, KEY), reason, found.get(day, Found()))


def read_back(shop: Shop) -> dict[dt.date, Found]:
    found: dict[dt.date, Found] = {}
    for day, records, suppressed in shop.query(
        "SELECT business_date, records, suppressed FROM raw.deliveries WHERE status = 'accepted'"
    ):
        found[day] = Found()  # type: ignore[index]  # a cell of a row has no type
        found[day].records = (records, suppressed)  # type: ignore[index,assignment]
    for day, line, *values in shop.query(
        f"SELECT d.business_date, o.line, {', '.join('o.' + name for name in COLUMNS)} FROM raw.orders o"
        " JOIN raw.deliveries d USING (delivery_id)"
    ):
        found[day].loaded[line] = tuple(values)  # type: ignore[index]
    for day, line, reason in shop.query(
        "SELECT business_date, line, reason FROM raw.quarantine JOIN raw.deliveries USING (delivery_id)"
    ):
        found[day].aside[line] = reason  # type: ignore[index,assignment]
    return found


def run(shop: Shop, cases: int) -> Tally:
    tally, began = Tally(), time.perf_counter()
    for first in range(0, cases, BATCH):
        fuzz(shop, first, min(BATCH, cases - first), tally)
    kinds = {
        kind: sum(f": {kind}" in fault for fault in tally.faults) for kind in ("conservation", "silent", "reasons")
    }
    print(  # noqa: T201  # the figure of the report
        f"\nfuzz: {dict(tally.counts)} in {time.perf_counter() - began:.0f} s; faults {len(tally.faults)} {kinds}"
    )
    return tally


def test_a_few_hundred_damaged_files_become_what_another_reader_says(fuzzed: Shop) -> None:
    tally = run(fuzzed, 400)
    assert tally.faults == []
    assert tally.counts["loaded"] > 200
    assert tally.counts["set aside"] > 100
    assert len(tally.counts) > 8, "refused for several reasons"


@pytest.mark.slow
def test_a_hundred_thousand_damaged_files_become_what_another_reader_says(fuzzed: Shop) -> None:
    tally = run(fuzzed, int(os.environ.get("FUZZ_CASES", "100000")))
    assert tally.faults[:10] == []
