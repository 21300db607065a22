"""The loop of chance: that it draws the same again, passes where all holds, and stops where something does not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from retention_pipeline.core.errors import ExitCode
from tests.reliability import loop
from tests.reliability.scenarios import Start, prepared
from tests.reliability.shop import Shop

FULL = loop.Fault("no space", "no space", frozenset({int(ExitCode.STORAGE)}), failpoint="publish.after_parquet:enospc")
TURN = loop.Turn("rerun", is_built=True, faults=(FULL,))


@pytest.fixture(scope="module")
def begin(published: Shop, tmp_path_factory: pytest.TempPathFactory) -> Start:
    return prepared("rerun", published, tmp_path_factory.mktemp("loop"), {})


def test_a_turn_is_drawn_again_from_seed_and_number() -> None:
    drawn = [str(loop.draw(7, number)) for number in range(200)]
    assert drawn == [str(loop.draw(7, number)) for number in range(200)]
    assert drawn != [str(loop.draw(8, number)) for number in range(200)]
    kinds = {fault.kind for number in range(200) for fault in loop.draw(7, number).faults}
    assert len(kinds) == len(set(loop.KINDS))


@pytest.mark.long
def test_a_turn_in_which_all_holds_has_no_surprise(begin: Start, tmp_path: Path) -> None:
    assert loop.surprises(TURN, begin, tmp_path / "turn") == []


@pytest.mark.long
def test_another_content_and_another_exit_code_are_surprises(begin: Start, tmp_path: Path) -> None:
    other = dataclasses.replace(begin, expected="another")
    assert loop.surprises(TURN, other, tmp_path / "content") == ["the plain run: another content hash"]
    wrong = dataclasses.replace(FULL, codes=frozenset({3}))
    found = loop.surprises(dataclasses.replace(TURN, faults=(wrong,)), begin, tmp_path / "code")
    assert len(found) == 1
    assert "exit code" in found[0]
