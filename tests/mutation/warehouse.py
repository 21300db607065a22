"""A copy of a proven shop in memory in which one model is built from mutated SQL, and what depends on it anew.

Everything happens in a transaction that is rolled back, so a mutant costs only the tables it changes: a model whose
rows come out as they were passes nothing on.

Belongs here: building, comparing with what was. Not here: making mutants (``operators``), who notices (``judge``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from tests.mutation.models import Model, descendants, read_models
from tests.mutation.operators import Mutant
from tests.mutation.shops import ProvenShop

NOT_SQL = (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException, duckdb.NotImplementedException)
Glance = tuple[int, int]


class RefusedError(Exception):
    """The database or the contract of a model refuses what the mutant makes; the message says which."""


class NoMutantError(Exception):
    """The mutated text is no query over the model's inputs: nobody could have made this mistake."""


@dataclass
class Outcome:
    """Tables that are not what they were, in the order of building."""

    changed: list[str] = field(default_factory=list)


class Warehouse:
    """The copy; use one per shop."""

    def __init__(self, shop: ProvenShop) -> None:
        self.shop = shop
        self.models = read_models(shop.settings.home.dbt_target)
        self.connection = duckdb.connect(":memory:", config={"threads": 1})
        self.connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false")
        self._copy("store", shop.settings.home.store, {"raw"})
        self._copy("build", shop.settings.home.build, {model.schema for model in self.models.values()})
        self.connection.execute("use build")
        for model in self.models.values():  # views: as tables they can be compared like the others
            self.connection.execute(f"create table if not exists build.{model.table} as {model.sql}")
        self._glances = {table: self._glance(table) for table in self.models}
        self._types = {table: self.types_of(table) for table in self.models}

    @contextmanager
    def built_with(self, mutant: Mutant) -> Iterator[Outcome]:
        """The build as it would be with the mutant; afterwards it is whole again.

        Raises:
            NoMutantError: The mutant is no query.
            RefusedError: dbt or DuckDB would have stopped at some model.
        """
        table = next(name for name, model in self.models.items() if model.name == mutant.model)
        self.connection.execute("begin")
        try:
            outcome = Outcome()
            self._build(self.models[table], mutant.sql, outcome, is_first=True)
            for child in descendants(self.models, table) if outcome.changed else ():
                if self.models[child].parents & set(outcome.changed):
                    self._build(self.models[child], self.models[child].sql, outcome)
            yield outcome
        finally:
            self.connection.execute("rollback")

    def types_of(self, table: str) -> dict[str, str]:
        """Type of each column of a table of any schema."""
        place = f"store.{table}" if table.startswith("raw.") else f"build.{table}"
        return {str(row[0]): str(row[1]) for row in self.connection.execute(f"describe {place}").fetchall()}

    def types_at_hand(self, model: Model) -> dict[str, str]:
        """Type of every column that the model's inputs have."""
        found: dict[str, str] = {}
        for parent in sorted(model.parents):
            found |= self.types_of(parent)
        return found

    def _build(self, model: Model, sql: str, outcome: Outcome, *, is_first: bool = False) -> None:
        try:
            self.connection.execute(f"create or replace table build.{model.table} as {sql}")
        except NOT_SQL as error:
            if is_first:
                raise NoMutantError(str(error)) from None
            raise RefusedError(f"{model.name}: {error}") from None
        except duckdb.Error as error:
            raise RefusedError(f"{model.name}: {error}") from None
        types = self.types_of(model.table)
        if model.is_contracted:
            self._hold_to_contract(model, types)
        if types != self._types[model.table] or self._glance(model.table) != self._glances[model.table]:
            outcome.changed.append(model.table)

    def _hold_to_contract(self, model: Model, types: dict[str, str]) -> None:
        """What dbt does with an enforced contract: other columns or types, and NULL where none may be, stop the run."""
        if types != self._types[model.table]:
            raise RefusedError(f"contract of {model.name}: columns or types")
        for name in model.not_null:
            query = f"select 1 from build.{model.table} where {name} is null limit 1"
            if self.connection.execute(query).fetchone() is not None:
                raise RefusedError(f"contract of {model.name}: {name} is null")

    def _glance(self, table: str) -> Glance:
        names = ", ".join(self.types_of(table))
        row = self.connection.execute(f"select count(*), coalesce(sum(hash({names})), 0) from build.{table}").fetchone()
        assert row is not None
        return int(row[0]), int(row[1])

    def _copy(self, name: str, path: Path, schemas: set[str]) -> None:
        self.connection.execute(f"attach ':memory:' as {name}; attach '{path}' as origin (read_only)")
        tables = self.connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'origin' order by all"
        ).fetchall()
        for schema, table in tables:
            if schema in schemas:
                self.connection.execute(f"create schema if not exists {name}.{schema}")
                self.connection.execute(f"create table {name}.{schema}.{table} as from origin.{schema}.{table}")
        self.connection.execute("detach origin")
