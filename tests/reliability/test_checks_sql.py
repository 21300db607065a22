"""Fault Q5: a model whose SQL is subtly wrong is noticed, by the oracle or by the checks of a night."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlglot import parse_one

from tests.mutation.judge import Judge
from tests.mutation.operators import DIALECT, Mutant
from tests.mutation.score import (
    argument_for,
    chosen,
    every_mutant,
    is_equivalent,
    proven_shops,
    read_arguments,
    survivors_of,
    table_of,
    verdicts,
)
from tests.mutation.shops import SMALLEST, prove

LEAST_NOTICED = 0.4
"""Of a sample on the smallest shop alone, which holds little; the larger score is that of ``tests.mutation.score``."""
LEAST_NOTICED_OF_ALL = 0.7


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    return Judge(prove(SMALLEST, tmp_path_factory.mktemp("mutation") / "shop"))


@pytest.mark.long
def test_untouched_models_are_not_taken_for_mutants(judge: Judge) -> None:
    for model in judge.warehouse.models.values():
        written_anew = Mutant(model.name, "none", "", parse_one(model.sql, read=DIALECT).sql(DIALECT))
        verdict = judge.judge(written_anew)
        assert verdict is not None, model.name
        assert not verdict.changed, model.name
        assert not verdict.refused, model.name


@pytest.mark.slow
def test_a_sample_of_mistakes_is_noticed_by_each_of_the_three(judge: Judge) -> None:
    found = list(verdicts([judge], chosen(every_mutant(judge), 6, seed=2)))
    noticed = Counter(by for each in found for by in ("refused", "oracle", "night") if getattr(each, by))
    matter = [each for each in found if not is_equivalent(each)]
    assert len(matter) > 100
    assert sum(each.is_killed for each in matter) >= LEAST_NOTICED * len(matter), table_of(found)
    assert min(noticed[by] for by in ("refused", "oracle", "night")) > 0, table_of(found)
    assert len({each.mutant.kind for each in matter if each.is_killed}) >= 18, table_of(found)


@pytest.mark.slow
def test_most_mistakes_that_matter_are_noticed(tmp_path: Path) -> None:
    judges = [Judge(shop) for shop in proven_shops(tmp_path)]
    found = list(verdicts(judges, chosen(every_mutant(judges[0]), 40, seed=1)))
    matter = [each for each in found if not is_equivalent(each)]
    report = "\n".join([table_of(found), *survivors_of(found)])
    assert sum(each.is_killed for each in matter) >= LEAST_NOTICED_OF_ALL * len(matter), report


def test_arguments_are_not_made_for_everything() -> None:
    mutants = [Mutant("fct_period", kind, "a -> b", "") for kind in ("boundary", "wrong amount", "condition forgotten")]
    assert [each.kind for each in mutants if argument_for(each, read_arguments()) is not None] == []
