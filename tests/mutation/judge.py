"""Who notices a mutant: the database and the contracts, the oracle, or the checks of a night's run.

*Refused*: dbt would not have finished. *Oracle*: a table differs that the oracle compares cell by cell, or staging
that is published as it is. *Night*: a blocking check of a gate, or a test that dbt runs with the models, finds rows;
those work in production too, where nobody knows the right answer.

Belongs here: asking. Not here: building (``warehouse``), counting (``score``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from retention_pipeline.quality.parameters import configured_parts, gate_parameters
from tests.mutation.operators import Mutant, Surroundings, mutants_of
from tests.mutation.shops import ProvenShop
from tests.mutation.warehouse import NoMutantError, Outcome, RefusedError, Warehouse
from tests.quality.bench import dbt_tests_of, suites_of, violations

PUBLISHED_FROM_STAGING = "staging.stg_benchmarks"
"""Its rows are published beside the metrics, and the oracle compares them there."""


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant; it survived when nobody noticed and its tables are as they were, or are not."""

    mutant: Mutant
    refused: str = ""
    oracle: str = ""
    night: str = ""
    changed: tuple[str, ...] = ()

    @property
    def is_killed(self) -> bool:
        """Whether anybody noticed."""
        return bool(self.refused or self.oracle or self.night)


class Judge:
    """One proven shop and its checks."""

    def __init__(self, shop: ProvenShop) -> None:
        self.warehouse = Warehouse(shop)
        self._oracle = {f"marts.{name}" for name in shop.compared} | {PUBLISHED_FROM_STAGING}
        self._checks = _checks_of(shop)
        self._mutants: dict[str, dict[str, Mutant]] = {}

    def mutants_of(self, model: str) -> dict[str, Mutant]:
        """Every mutant of a model of this shop, by its name."""
        if model not in self._mutants:
            found = next(each for each in self.warehouse.models.values() if each.name == model)
            around = Surroundings(self.warehouse.types_at_hand(found), self.warehouse.shop.as_of.isoformat())
            self._mutants[model] = {mutant.name: mutant for mutant in mutants_of(model, found.sql, around)}
        return self._mutants[model]

    def judge(self, mutant: Mutant, *, is_night_asked: bool = True) -> Verdict | None:
        """Build the mutant and ask; None when it is no query."""
        try:
            with self.warehouse.built_with(mutant) as outcome:
                oracle = next((table for table in outcome.changed if table in self._oracle), "")
                night = self._night(outcome) if is_night_asked or not oracle else ""
                return Verdict(mutant, oracle=oracle, night=night, changed=tuple(outcome.changed))
        except NoMutantError:
            return None
        except RefusedError as error:
            return Verdict(mutant, refused=str(error))

    def _night(self, outcome: Outcome) -> str:
        """The first check that would have stopped the night, in the order in which they run."""
        changed = set(outcome.changed)
        for name, tables, sql in self._checks:
            if tables & changed and self._finds_something(sql):
                return name
        return ""

    def _finds_something(self, sql: str) -> bool:
        try:
            return self.warehouse.connection.execute(f"select 1 from ({sql}) limit 1").fetchone() is not None
        except duckdb.Error:  # a check that raises blocks
            return True


def _checks_of(shop: ProvenShop) -> list[tuple[str, frozenset[str], str]]:
    """Name, tables and SQL of every test of dbt and every check of a gate; whatever reads a table is asked about it."""
    target = shop.settings.home.dbt_target
    tests = [(test.name, test.tables, test.sql) for test in dbt_tests_of(target / "manifest.json", target / "compiled")]
    through = shop.data_through
    parameters = gate_parameters(
        shop.settings, as_of=shop.as_of, data_through=through["orders"] or shop.as_of,
        tickets_through=through.get("tickets"),
    )  # fmt: skip
    parts = configured_parts(shop.settings)
    checks = [
        (f"{suite.table}: {each.check}", _tables_in(violations(suite, each)), violations(suite, each))
        for stage in ("staging", "marts")
        for suite in suites_of(stage)
        if suite.needs is None or suite.needs in parts
        for each in suite.bind(parameters)
    ]
    return tests + checks


def _tables_in(sql: str) -> frozenset[str]:
    return frozenset(re.findall(r"\b(?:staging|marts)\.[a-z_]+", sql))
