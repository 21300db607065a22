"""Every file of the corpus becomes what the table says, and what a reader of another making says; nothing is lost."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from typing import Any

import pytest

from tests.intake.conftest import KEY, Shop
from tests.intake.corpus import CASES, Case
from tests.reliability.input_oracle import COLUMNS, outcome

AMOUNT = COLUMNS.index("amount")
FIRST_DAY = dt.date(2026, 3, 10)
BY_OPTIONS: dict[str, list[Case]] = defaultdict(list)
for each in CASES:
    BY_OPTIONS[each.options].append(each)


def test_the_corpus_is_large_enough() -> None:
    assert len(CASES) >= 60
    assert {case.fault for case in CASES} == {"B1", "B2", "B3", "B4", "B5", "B6", "S1", "S2"}
    assert [
        name for name, count in Counter((case.fault, case.name, case.options) for case in CASES).items() if count > 1
    ] == []


@pytest.mark.parametrize("options", BY_OPTIONS)
def test_bad_files_become_what_the_table_says_and_leave_each_other_alone(shop: Shop, options: str) -> None:
    cases = BY_OPTIONS[options]
    days = {FIRST_DAY + dt.timedelta(days=number): case for number, case in enumerate(cases)}
    shop.configure(f'path = "in/{{date}}.csv"\nmay_lack = {list(COLUMNS)}\n{options}')
    for day, case in days.items():
        shop.write(case.content, f"in/{day}.csv")
    report = shop.ingest(max(days))
    refused = {refusal.path: refusal for refusal in report.refused}
    assert all(refusal.detail and refusal.remedy for refusal in report.refused)
    loaded, aside, counts = _by_day(shop)
    for day, case in days.items():
        name = f"{case.fault} {case.name}"
        refusal = refused.get(f"in/{day}.csv")
        assert (name, refusal and refusal.reason) == (name, case.refusal)
        assert (name, loaded[day]) == (name, case.amounts)
        assert (name, aside[day]) == (name, case.aside)
        if not case.refusal:
            assert (name, counts[day]) == (
                name,
                (len(case.loaded) + len(case.aside) + case.suppressed, case.suppressed),
            )


def _by_day(shop: Shop) -> tuple[dict[Any, dict[Any, Any]], dict[Any, dict[Any, Any]], dict[Any, Any]]:
    loaded: dict[Any, dict[Any, Any]] = defaultdict(dict)
    aside: dict[Any, dict[Any, Any]] = defaultdict(dict)
    for day, line, amount in shop.query(
        "SELECT business_date, line, amount FROM raw.orders JOIN raw.deliveries USING (delivery_id)"
    ):
        loaded[day][line] = amount
    for day, line, reason in shop.query(
        "SELECT business_date, line, reason FROM raw.quarantine JOIN raw.deliveries USING (delivery_id)"
    ):
        aside[day][line] = reason
    counts = {
        day: (records, suppressed)
        for day, records, suppressed in shop.query("SELECT business_date, records, suppressed FROM raw.deliveries")
    }
    return loaded, aside, counts


def test_a_reader_of_another_making_says_the_same() -> None:
    for case in CASES:
        if not case.is_default or len(case.content) > 1 << 20:
            continue
        name = f"{case.fault} {case.name}"
        told = outcome(case.content, FIRST_DAY, KEY)
        assert (name, told.refusal) == (name, case.refusal)
        assert (name, {line: values[AMOUNT] for line, values in told.loaded.items()}) == (name, case.amounts)
        assert (name, told.suppressed, set(told.aside)) == (name, case.suppressed, set(case.aside))
        for line, reason in case.aside.items():
            assert (name, told.aside[line]) in {(name, reason), (name, "number_*")}
