"""Deliveries and backfills in any order, with corrections, late rows, deletions and kills: the same as all at once.

A state machine plays with a shop and compares it after every step with the model. What a run publishes is a function of
its inputs' fingerprint (the deliveries that count, date, configuration, code), so equal fingerprints here are equal
versions there; ``tests/pipeline/test_backfill`` looks at what is published for some of the orders.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from retention_pipeline.core.window import EVERYTHING, Window
from retention_pipeline.intake.identity import hash_id
from tests.time.model import SOURCES, Content, Model, day
from tests.time.small_shop import KEY, SmallShop

DAYS = 6
numbers = st.integers(0, DAYS - 1)
keys = st.sampled_from(["1", "2", "3", "4"])
texts = st.integers(1, 9).map(str)
ages = st.integers(0, DAYS)
records = st.lists(st.tuples(keys, texts, ages), max_size=4, unique_by=lambda row: row[0])
FAILPOINTS = ("intake.before_commit", "intake.after_commit", "store.before_commit")


class AnyOrder(RuleBasedStateMachine):
    """Files come, runs take them in, and some of the runs die."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="retention-time-"))
        self.shop = SmallShop(self.folder / "shop")
        self.model = Model()
        for source in SOURCES:
            self.put(source, 2, ())

    def put(self, source: str, number: int, content: Content) -> None:
        self.shop.deliver(source, day(number), content)
        self.model.landing[source, day(number)] = content

    @rule(source=st.sampled_from(SOURCES), number=numbers, rows=records)
    def deliver(self, source: str, number: int, rows: list[tuple[str, str, int]]) -> None:
        """A new day, a corrected day, rows that are late, keys that are gone from a snapshot."""
        self.put(source, number, tuple((key, text, f"{day(number - age)}T12:00:00") for key, text, age in rows))

    @rule()
    def run(self) -> None:
        self.shop.take_in(EVERYTHING)
        self.model.take_in((day(number) for number in range(DAYS)), is_history=False)

    @rule(number=numbers)
    def night(self, number: int) -> None:
        self.shop.take_in(Window(last=day(number)))
        self.model.take_in((day(each) for each in range(number + 1)), is_history=False)

    @rule(first=numbers, length=st.integers(1, DAYS))
    def backfill(self, first: int, length: int) -> None:
        last = min(first + length, DAYS) - 1
        self.shop.take_in(Window(day(first), day(last), is_history=True))
        self.model.take_in((day(each) for each in range(first, last + 1)), is_history=True)

    @rule(name=st.sampled_from(FAILPOINTS), nth=st.integers(1, 3))
    def run_that_dies(self, name: str, nth: int) -> None:
        """A run that ends in the middle of its intake, and the same again, as a scheduler would."""
        from retention_pipeline.core import failpoints

        failpoints._hits.clear()
        os.environ["RETENTION_FAILPOINT"] = f"{name}:{nth}:raise"
        with contextlib.suppress(RuntimeError):  # not where there was too little to take in to come so far
            self.shop.take_in(EVERYTHING)
        del os.environ["RETENTION_FAILPOINT"]
        self.run()

    @precondition(lambda self: self.model.as_of is not None)
    @invariant()
    def every_date_shows_what_was_known_then(self) -> None:
        dates = [day(number) for number in range(DAYS)]
        expected = {(source, as_of): self.model.state(source, as_of) for as_of in dates for source in SOURCES}
        for as_of in dates:
            customers = expected["customers", as_of]
            expected["customers", as_of] = {str(hash_id(KEY, key)): text for key, text in customers.items()}
        assert self.shop.states(dates) == expected

    def teardown(self) -> None:
        """In the end: taken in to the last file, it is what a fresh home makes of the same files at once."""
        if not hasattr(self, "shop"):
            return
        try:
            self.run()
            once = SmallShop(self.folder / "once")
            for (source, date), content in self.model.landing.items():
                once.deliver(source, date, content)
            once.take_in(EVERYTHING)
            latest = self.model.as_of or day(DAYS)
            assert self.shop.fingerprint(latest) == once.fingerprint(latest)
        finally:
            shutil.rmtree(self.folder)


def play(examples: int, steps: int) -> None:
    profile: Any = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(
            Phase.generate,
        ),  # a step takes a tenth of a second: the story as it stands says more than an hour of shrinking
    )
    run_state_machine_as_test(AnyOrder, settings=profile)


def test_a_few_orders() -> None:
    play(6, 6)


@pytest.mark.long
def test_some_orders() -> None:
    play(40, 8)


@pytest.mark.slow
def test_two_hundred_orders() -> None:
    play(200, 8)


def test_the_model_tells_a_late_day_from_a_filled_in_one() -> None:
    """What the machine is compared with is itself compared with a story worked out by hand."""
    model = Model()
    model.landing["orders", day(0)] = (("1", "5", "2025-03-01T12:00:00"),)
    model.landing["orders", day(2)] = (("2", "7", "2025-03-03T12:00:00"),)
    model.take_in([day(0), day(2)], is_history=False)
    model.landing["orders", day(1)] = (("1", "6", "2025-03-02T12:00:00"),)
    late = Model(dict(model.landing), [*model.log], model.reached)
    late.take_in([day(1)], is_history=False)
    model.take_in([day(1)], is_history=True)
    assert [model.state("orders", day(number)).get("1") for number in range(3)] == ["5", "6", "6"]
    assert [late.state("orders", day(number)).get("1") for number in range(3)] == ["5", "5", "6"]
    assert late.as_of == model.as_of == day(2)
    assert isinstance(late.reached, dt.date)
