"""The expectation suites under ``data_tests/<stage>/<table>.yml``: read, validated, bound to one run.

Belongs here: the shape of a suite file and the rules every suite obeys.
Not here: Great Expectations (``great``), outcomes and messages (``report``).
"""

from __future__ import annotations

from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from retention_pipeline.core.errors import ConfigError
from retention_pipeline.quality.expectations import ORDERED_COLUMNS, ROW_COUNT, SQL_CHECK, Expectation, types_sql
from retention_pipeline.quality.parameters import PARAMETERS

STAGES = ("raw", "staging", "marts", "metrics")

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,60}$")]
Sentence = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9].{15,}\.$", strip_whitespace=True)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*$")]
TableName = Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.[a-z_][a-z0-9_]*$")]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Check(_Model):
    """One check: a Great Expectations class, a query that must return no rows, or the table's columns and types."""

    name: Slug
    meaning: Sentence
    expect: str | None = None
    kwargs: dict[str, Any] = {}
    each_column: list[Identifier] = []
    no_rows: str | None = None
    columns: dict[Identifier, str] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(kind is not None for kind in (self.expect, self.no_rows, self.columns)) != 1:
            raise ValueError("give exactly one of expect, no_rows and columns")
        if self.expect is None and (self.kwargs or self.each_column):
            raise ValueError("kwargs and each_column belong to expect")
        if self.each_column and "column" in self.kwargs:
            raise ValueError("give either each_column or kwargs.column")
        if self.no_rows is not None:
            _require_placeholders(self.no_rows)
        return self

    @property
    def guards_against_emptiness(self) -> bool:
        """Whether this check fails on an empty table, at least when something was delivered that should fill it."""
        if self.no_rows is not None:
            return self.name == "has_rows" and "not exists (select 1 from {table})" in self.no_rows
        return self.expect == ROW_COUNT and self.kwargs.get("min_value", 0) >= 1

    def bind(self, parameters: dict[str, str]) -> tuple[Expectation, ...]:
        """The expectations this check stands for, with the run's parameters filled in."""
        if self.no_rows is not None:
            sql = self.no_rows.format_map({**parameters, "table": "{batch}"})
            return (Expectation(self.name, self.meaning, SQL_CHECK, {"unexpected_rows_query": sql}),)
        if self.columns is not None:
            names = {"column_list": list(self.columns)}
            types = {"unexpected_rows_query": types_sql(self.columns)}
            return (
                Expectation(self.name, self.meaning, ORDERED_COLUMNS, names),
                Expectation(f"{self.name}.types", self.meaning, SQL_CHECK, types),
            )
        class_name = self.expect or ""
        if not self.each_column:
            return (Expectation(self.name, self.meaning, class_name, self.kwargs),)
        return tuple(
            Expectation(f"{self.name}.{column}", self.meaning, class_name, {**self.kwargs, "column": column})
            for column in self.each_column
        )


Part = Literal[
    "customers", "feedback", "subscriptions", "tickets", "churn_reasons", "spend", "fx_rates", "benchmarks",
    "control_totals",
    "segments", "rfm",
]  # fmt: skip
"""What may not be configured: the optional sources, segments, cut points."""


class Suite(_Model):
    """All checks of one table; ``needs`` names the configured part without which the table is rightly empty."""

    table: TableName
    description: Sentence
    key: Annotated[list[Identifier], Field(min_length=1)]
    needs: Part | None = None
    checks: Annotated[list[Check], Field(min_length=1)]

    @model_validator(mode="after")
    def _obeys_the_rules(self) -> Self:
        if not self.checks[0].guards_against_emptiness:
            raise ValueError(f"the first check must be has_rows: {ROW_COUNT}, or a query for a table wrongly empty")
        names = [check.name for check in self.checks]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"check {doubled[0]!r} stands twice")
        return self

    def bind(self, parameters: dict[str, str]) -> tuple[Expectation, ...]:
        """Every expectation of the suite, in the order of the file."""
        return tuple(bound for check in self.checks for bound in check.bind(parameters))


def load_suites(root: Path, stage: str) -> tuple[Suite, ...]:
    """Read the suites of one stage, ordered by table name.

    Args:
        root: The folder ``data_tests``.
        stage: ``raw``, ``staging``, ``marts`` or ``metrics``; also the schema of its tables.

    Raises:
        ConfigError: A file is not a valid suite, lies under another name than its table, or there is none.
    """
    if stage not in STAGES:
        raise ConfigError(f"there is no stage {stage!r}", remedy="one of " + ", ".join(STAGES))
    folder = root / stage
    strays = [path.name for path in folder.glob("*") if path.suffix != ".yml"]
    if strays:
        raise ConfigError(f"{folder}: {sorted(strays)[0]} is not a suite; suites are named <table>.yml")
    paths = sorted(folder.glob("*.yml"))
    if not paths:
        raise ConfigError(f"{folder}: no suites; a gate without checks would pass everything")
    return tuple(_load(path, stage) for path in paths)


def _load(path: Path, stage: str) -> Suite:
    try:
        suite = Suite.model_validate(yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys))  # noqa: S506  (a SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {error}") from None
    except ValidationError as error:
        raise ConfigError("\n".join(_describe(path, problem) for problem in error.errors())) from None
    if suite.table != f"{stage}.{path.stem}":
        raise ConfigError(f"{path}: table: must be {stage}.{path.stem}, the path is the address")
    return suite


class _UniqueKeys(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # in C where there is one
    """Refuses a mapping that names a key twice, of which YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if doubled := [key for key in keys if keys.count(key) > 1]:
            raise yaml.constructor.ConstructorError(None, None, f"key {doubled[0]!r} stands twice", node.start_mark)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def _require_placeholders(sql: str) -> None:
    try:
        parsed = list(Formatter().parse(sql))
    except ValueError as error:
        raise ValueError(f"no_rows: {error}") from None
    # Great Expectations substitutes once more, so a literal brace would need to be doubled twice: not worth having.
    if any("{" in text or "}" in text for text, *_ in parsed):
        raise ValueError("no_rows: braces name parameters and nothing else")
    fields = {field for _, field, _, _ in parsed if field is not None}
    if "table" not in fields:
        raise ValueError("no_rows: the query must read {table}")
    if unknown := sorted(fields - {"table", *PARAMETERS}):
        raise ValueError(f"no_rows: unknown parameter {{{unknown[0]}}}")


def _describe(path: Path, problem: Any) -> str:
    where = ".".join(str(part) for part in problem["loc"])
    return f"{path}: {where}: {str(problem['msg']).removeprefix('Value error, ')}"
