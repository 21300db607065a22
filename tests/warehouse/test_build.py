from __future__ import annotations

import datetime as dt
import signal
from pathlib import Path

import pytest

from retention_pipeline.core.errors import InconsistentStateError
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse.build import STAGES, BuildState, Inputs
from retention_pipeline.warehouse.connection import connect
from tests.warehouse.support import start


def inputs(fingerprint: str = "a" * 64, day: int = 1) -> Inputs:
    return Inputs(fingerprint, dt.date(2025, 3, day), {"orders": dt.date(2025, 2, 28), "feedback": None}, f"run-{day}")


def built(home: Home, *stages: str) -> BuildState:
    state = BuildState(home)
    state.begin(inputs())
    with connect(home.build) as connection:
        connection.execute("create table leftover as select 1")
    for stage in stages:
        state.mark(stage, inputs(), {"stage": stage})
    return state


def begin_and_die(root: Path, failpoint: str) -> None:
    """In a child process: die while starting a build for other inputs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RETENTION_FAILPOINT", f"{failpoint}:kill")
        BuildState(Home(root)).begin(inputs("b" * 64, 2))


def test_inputs_survive_the_way_through_the_file(home: Home) -> None:
    assert BuildState(home).inputs is None
    assert built(home).inputs == inputs()


def test_the_same_inputs_keep_the_build_file_and_others_empty_it(home: Home) -> None:
    state = built(home, "staging")
    assert not state.begin(inputs())
    assert state.require("staging", inputs()).detail == {"stage": "staging"}
    assert state.begin(inputs("b" * 64, 2))
    assert not home.build.exists()
    with pytest.raises(InconsistentStateError, match="staging has not been built"):
        state.require("staging", inputs("b" * 64, 2))


def test_other_inputs_empty_the_build_file(home: Home) -> None:
    wal = home.build.with_name("build.duckdb.wal")
    state = built(home, "staging")
    wal.touch()
    assert state.begin(inputs("b" * 64))
    assert not home.build.exists()
    assert not wal.exists()


def test_a_stage_of_other_inputs_is_refused_with_what_to_select(home: Home) -> None:
    state = built(home, "staging", "gate:staging")
    other = inputs("b" * 64, 2)
    with pytest.raises(InconsistentStateError) as caught:
        state.require("staging", other)
    assert "staging was built from other inputs (as_of 2025-03-01, run run-1)" in str(caught.value)
    assert "select also staging/*" in str(caught.value)
    with pytest.raises(InconsistentStateError, match="the checks of staging passed on other inputs"):
        state.require("gate:staging", other)
    with pytest.raises(InconsistentStateError, match="the checks of marts have not passed"):
        state.require("gate:marts", inputs())


def test_a_stage_whose_file_is_gone_is_refused(home: Home) -> None:
    state = built(home, "raw", "marts")
    home.build.unlink()
    state.require("raw", inputs())
    with pytest.raises(InconsistentStateError, match="is gone"):
        state.require("marts", inputs())


def test_replacing_a_stage_forgets_its_checks_and_what_was_built_on_it(home: Home) -> None:
    every = [name for stage in STAGES for name in (stage, f"gate:{stage}")]
    state = built(home, *every, "metrics:family")
    state.clear("gate:staging")
    with pytest.raises(InconsistentStateError, match="the checks of staging have not passed"):
        state.require("gate:staging", inputs())
    state.require("marts", inputs())
    state.clear("metrics")
    state.require("metrics:family", inputs())
    state.clear("staging")
    for name in ("raw", "gate:raw"):
        state.require(name, inputs())
    for name in {*every, "metrics:family"} - {"raw", "gate:raw"}:
        with pytest.raises(InconsistentStateError):
            state.require(name, inputs())


def test_a_stage_of_other_inputs_than_the_file_cannot_be_recorded(home: Home) -> None:
    state = built(home)
    with pytest.raises(InconsistentStateError, match="belongs to other inputs"):
        state.mark("staging", inputs("b" * 64, 2))
    with pytest.raises(ValueError, match="unknown stage"):
        state.mark("stagin", inputs())


def test_a_damaged_record_counts_as_none(home: Home) -> None:
    state = built(home, "staging")
    home.build_state.write_text("{")
    with pytest.raises(InconsistentStateError, match="has not been built"):
        state.require("staging", inputs())
    assert state.begin(inputs())


@pytest.mark.parametrize("failpoint", ["build.after_forget", "build.before_begin"])
def test_a_start_that_is_killed_leaves_nothing_that_claims_to_be_built(home: Home, failpoint: str) -> None:
    state = built(home, "staging")
    child = start(begin_and_die, home.root, failpoint)
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    for candidate in (inputs(), inputs("b" * 64, 2)):
        with pytest.raises(InconsistentStateError):
            state.require("staging", candidate)
    assert state.begin(inputs())
    assert not home.build.exists()
