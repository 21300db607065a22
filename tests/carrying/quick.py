"""The models and macros of the dbt project, rendered and run without dbt, in a third of the time.

Only what this project uses of dbt is here. That dbt does the same is seen by the longer tests, which run it.
Belongs here: rendering and running. Not here: nights and their comparison (``nights``).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import yaml

from retention_pipeline.core.resources import dbt_project_dir

_DEFAULTS = yaml.safe_load((dbt_project_dir() / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]


class _Returned(Exception):  # noqa: N818  # not an error: how a macro hands back a value
    def __init__(self, value: Any) -> None:
        self.value = value


@dataclass(frozen=True)
class Relation:
    """A table or view."""

    database: str
    schema: str
    identifier: str

    def __str__(self) -> str:
        return f'"{self.database}"."{self.schema}"."{self.identifier}"'

    def incorporate(self, type: str) -> Relation:  # noqa: A002  # dbt calls it so
        return self


class Quick:
    """The project, ready to be run over any store."""

    def __init__(self, nodes: dict[str, dict[str, Any]], sources: dict[str, dict[str, Any]]) -> None:
        self.models = {key: node for key, node in nodes.items() if node["resource_type"] == "model"}
        self.sources = sources
        self._environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)  # SQL
        folder = dbt_project_dir()
        text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((folder / "macros").rglob("*.sql")))
        text = re.sub(r"\{% materialization (\w+), adapter='duckdb' %\}", r"{% macro materialize_\1() %}", text)
        text = text.replace("{% endmaterialization %}", "{% endmacro %}")
        # under another name, so that calls of one macro by another come through `_call`, which catches what is returned
        self._macros = self._environment.from_string(re.sub(r"\{%(-?) macro (\w+)", r"{%\1 macro m_\2", text))
        self.names = re.findall(r"\{%-? macro (\w+)", text)
        paths = {key: folder / node["original_file_path"] for key, node in self.models.items()}
        self._bodies = {
            key: self._environment.from_string(path.read_text(encoding="utf-8")) for key, path in paths.items()
        }
        self._order = list(
            TopologicalSorter(
                {
                    key: [up for up in node["depends_on"]["nodes"] if up in self.models]
                    for key, node in self.models.items()
                }
            ).static_order()
        )

    def run(self, build: Path, store: Path, variables: dict[str, Any]) -> None:
        """Build staging, then the facts."""
        with duckdb.connect(str(build)) as connection:
            connection.execute(f"set timezone = 'UTC'; attach '{store}' as store (read_only)")
            for schema in ("staging", "intermediate", "marts"):
                connection.execute(f"create schema if not exists {schema}")
            for is_staging in (True, False):
                for key in self._order:
                    if (self.models[key]["schema"] == "staging") is is_staging:
                        self._run(connection, key, {**_DEFAULTS, **variables})

    def _run(self, connection: duckdb.DuckDBPyConnection, key: str, variables: dict[str, Any]) -> None:
        node, made = self.models[key], _Made()
        macros = {name: made.caller(name) for name in self.names}
        context = {**self._context(connection, node, variables), **macros, "adapter": _Adapter(macros)}
        made.module = self._macros.make_module(vars=context)
        context["compiled_code"] = self._bodies[key].render(context)
        made.module = self._macros.make_module(vars=context)
        connection.execute("begin")
        macros[f"materialize_{node['config']['materialized']}"]()
        connection.execute("commit")

    def _context(self, connection: Any, node: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        this = Relation("build", node["schema"], node["name"])

        def statement(name: str, caller: Any, auto_begin: bool = True) -> str:
            connection.execute(caller())
            return ""

        def found(relation: Relation) -> Relation | None:
            there = connection.execute(
                "select 1 from information_schema.tables"
                " where table_catalog = 'build' and table_schema = ? and table_name = ?",
                [relation.schema, relation.identifier],
            ).fetchone()
            return relation if there else None

        def returned(value: Any) -> None:
            raise _Returned(value)

        return {
            "this": this, "model": node, "graph": SimpleNamespace(nodes=self.models), "statement": statement,
            "load_cached_relation": found, "return": returned, "run_hooks": lambda hooks: "", "pre_hooks": [],
            "post_hooks": [], "local_md5": lambda text: hashlib.md5(text.encode()).hexdigest(),  # as dbt
            "make_intermediate_relation": lambda relation: replace(relation, identifier=relation.identifier + "__new"),
            "run_query": lambda sql: SimpleNamespace(rows=connection.execute(sql).fetchall()),
            "var": lambda name, default=None: variables.get(name, default),
            "ref": lambda name: self.models[f"model.retention.{name}"]["relation_name"],
            "source": lambda name, table: self.sources[f"source.retention.{name}.{table}"]["relation_name"],
            "create_table_as": lambda temporary, relation, sql: _create(node, relation, sql),
        }  # fmt: skip


class _Made:
    """The macros, called so that what one of them returns comes out of the call."""

    module: Any

    def caller(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            try:
                return getattr(self.module, f"m_{name}")(*arguments, **named)
            except _Returned as returned:
                return returned.value

        return call


class _Adapter:
    """What macros ask of dbt's adapter."""

    def __init__(self, macros: dict[str, Callable[..., Any]]) -> None:
        self._macros = macros

    def dispatch(self, name: str) -> Callable[..., Any]:
        return self._macros[f"duckdb__{name}"]

    def quote(self, name: str) -> str:
        return f'"{name}"'

    def commit(self) -> None:
        """Each model is one transaction here in any case."""


def _create(node: dict[str, Any], relation: Relation, sql: str) -> str:
    """With the columns of the contract where there is one."""
    if not node["config"]["contract"]["enforced"]:
        return f"create table {relation} as ({sql});"
    columns = ", ".join(f"{name} {column['data_type']}" for name, column in node["columns"].items())
    names = ", ".join(node["columns"])
    return f"create table {relation} ({columns}); insert into {relation} ({names}) select {names} from ({sql}) as made;"
