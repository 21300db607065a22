"""Fault Q5: a model whose SQL is subtly wrong is noticed, by the oracle or by the checks of a night."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlglot import parse_one

from tests.mutation.judge import Judge
from tests.mutation.operators import DIALECT, Mutant
from tests.mutation.score import argument_for, chosen, every_mutant, proven_shops, read_arguments, table_of, verdicts
from tests.mutation.shops import SMALLEST, prove

LEAST_NOTICED = 0.55
"""Of a sample on the smallest shop alone, which holds little; the larger score is that of ``tests.mutation.score``."""


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


@pytest.mark.long
def test_a_sample_of_mistakes_is_noticed_by_each_of_the_three(judge: Judge) -> None:
    found = list(verdicts([judge], chosen(every_mutant(judge), 6, seed=2)))
    noticed = Counter(by for each in found for by in ("refused", "oracle", "night", "is_killed") if getattr(each, by))
    assert len(found) > 100
    assert noticed["is_killed"] >= LEAST_NOTICED * len(found), table_of(found)
    assert min(noticed[by] for by in ("refused", "oracle", "night")) > 0, table_of(found)
    kinds = {each.mutant.kind for each in found}
    assert {each.mutant.kind for each in found if each.is_killed} >= kinds - {"nullif forgotten", "coalesce 0"}


@pytest.mark.slow
def test_whatever_nobody_notices_is_argued(tmp_path: Path) -> None:
    judges = [Judge(shop) for shop in proven_shops(tmp_path)]
    found = list(verdicts(judges, chosen(every_mutant(judges[0]), 40, seed=1)))
    arguments = read_arguments()
    unknown = [
        each.mutant.name for each in found if not each.is_killed and argument_for(each.mutant, arguments) is None
    ]
    assert not unknown, "\n".join([table_of(found), *unknown])
