"""When a build is carried on from the one before, and every reason to build anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from retention_pipeline.core.home import Home
from retention_pipeline.warehouse.build import BuildState, Inputs
from retention_pipeline.warehouse.connection import connect
from tests.warehouse.test_build import built, inputs

NEXT = inputs("b" * 64, 2)


def sealed(home: Home) -> BuildState:
    state = built(home, "raw", "staging", "marts", "metrics")
    state.seal(inputs())
    return state


def test_a_published_build_is_carried_on(home: Home) -> None:
    state = sealed(home)
    assert not state.begin(NEXT)
    assert home.build.exists()
    assert state.plan.base is not None
    assert (state.plan.base.as_of, state.plan.base.rows) == (inputs().as_of, {"main.leftover": 1})
    assert state.find("staging", NEXT) is None


def test_a_build_that_was_begun_and_not_changed_is_still_a_base_for_others(home: Home) -> None:
    state = sealed(home)
    state.begin(NEXT)
    assert not state.begin(inputs("c" * 64, 3))
    assert state.plan.base is not None


def lose_a_row(home: Home) -> None:
    with connect(home.build) as build:
        build.execute("delete from leftover")


def be_changed(home: Home) -> None:
    state = BuildState(home)
    state.begin(inputs("c" * 64, 1))
    state.change("staging")


def be_unpublished(home: Home) -> None:
    be_changed(home)
    BuildState(home).mark("staging", inputs("c" * 64, 1))


def damage(home: Home) -> None:
    home.build.write_bytes(b"no database")


@pytest.mark.parametrize(
    ("spoil", "wanted", "why"),
    [
        (lambda home: None, dataclasses.replace(NEXT, rules="other"), "the configuration, the program or one of its"),
        (
            lambda home: None,
            dataclasses.replace(NEXT, as_of=inputs().as_of.replace(day=1, month=2)),
            "is of a later date",
        ),
        (lose_a_row, NEXT, "is not as it was published (main.leftover)"),
        (be_changed, NEXT, "ended while staging was under way"),
        (be_changed, inputs("c" * 64, 1), "ended while staging was under way"),
        (be_unpublished, NEXT, "was not published"),
        (damage, NEXT, "cannot be read"),
        (lambda home: home.build.unlink(), NEXT, "there was no earlier build"),
        (lambda home: home.build_state.unlink(), NEXT, "was not published"),
    ],
)
def test_whatever_is_in_doubt_is_built_anew(
    spoil: Callable[[Home], None], wanted: Inputs, why: str, home: Home
) -> None:
    state = sealed(home)
    spoil(home)
    assert state.begin(wanted)
    assert state.plan.base is None
    assert state.plan.why is not None
    assert why in state.plan.why
    assert not home.build.exists()


def test_it_can_be_asked_for(home: Home) -> None:
    state = sealed(home)
    assert state.begin(NEXT, anew=True)
    assert state.plan.why == "it was asked for"


def test_it_has_to_be_allowed(home: Home) -> None:
    state = sealed(home)
    assert state.begin(NEXT, forbidden="incremental builds are switched off")
    assert state.plan.why == "incremental builds are switched off"


def test_what_is_marked_is_no_longer_in_doubt(home: Home) -> None:
    state = sealed(home)
    state.begin(NEXT)
    state.change("staging")
    state.mark("staging", NEXT)
    assert not state.begin(NEXT)
    state.change("gate:staging")
    assert state.begin(NEXT)  # the checks did not pass


def test_giving_up_on_the_base_is_remembered(home: Home) -> None:
    state = sealed(home)
    state.begin(NEXT)
    state.replan("too much has changed")
    assert (state.plan.base, state.plan.why) == (None, "too much has changed")
