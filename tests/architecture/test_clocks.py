"""Nothing asks what time it is: results depend on ``as_of`` alone, and each exemption carries its reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "retention_pipeline"
SEARCHED = {"dbt_project": ("models", "macros", "tests"), "data_tests": ("raw", "staging", "marts", "metrics")}
SQL_FILES = sorted(
    path
    for top, folders in SEARCHED.items()
    for folder in folders
    for path in (ROOT / top / folder).rglob("*")
    if path.suffix in {".sql", ".yml"}
)
"""Models, macros, dbt's tests, what YAML says of them (unit tests hold SQL), and the suites of the gates."""
MAY_READ_THE_CLOCK = {
    "alerts/clock.py": "ages, reminders and due hours; no part of any result",
    "extract/stream.py": "the database's own clock bounds what one transaction reads; rows beyond it come next time",
    "intake/arrival.py": "the day of arrival of a delivery",
    "warehouse/erasure/log.py": "when an erasure was asked for and done; no part of any result",
    "warehouse/lock.py": "since when a run holds the lock",
    "warehouse/publish.py": "created_at in the manifest; no part of any hash",
}
"""Modules and why; durations (``perf_counter``, ``monotonic``) need no reason."""

SQL_CLOCK = re.compile(
    r"\b(now\s*\(|today\s*\(|(current|local)_?(date|time|timestamp)\b|get_current_\w+|getdate\s*\(|sysdate\b"
    r"|(transaction|statement|clock)_timestamp\s*\(|run_started_at\b|modules\.datetime\b)",
    re.IGNORECASE,
)
CALLED = re.compile(r"(^|\.)(now|today|utcnow)$|^time\.(time|time_ns|localtime|gmtime|ctime|strftime)$")
NAMED = {"now", "today"}
"""Words that NumPy and pandas take for the time of day."""


def sql_clocks(text: str) -> list[str]:
    """What asks for the time in SQL, Jinja or YAML; comments do not."""
    code = re.sub(r"--[^\n]*|\{#.*?#\}", "", text, flags=re.DOTALL)
    return [match.group(0) for match in SQL_CLOCK.finditer(code)]


def python_clocks(source: str) -> list[str]:
    """What asks for the time in Python: calls, imported names, words for dates, and SQL in strings."""
    tree = ast.parse(source)
    return [*_called(tree), *_imported(tree), *_in_strings(tree)]


def _called(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        # not only calls: `clock = time.time` hands the clock on
        if isinstance(node, ast.Attribute) and CALLED.search(name := ast.unparse(node)):
            yield name
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {"datetime64", "to_datetime",
                                                                                       "Timestamp"}:  # fmt: skip
            yield from (str(each.value) for each in node.args if isinstance(each, ast.Constant) and each.value in NAMED)


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (each.name for each in node.names if CALLED.search(f"time.{each.name}"))


def _in_strings(tree: ast.Module) -> Iterator[str]:
    said = {id(text) for node in ast.walk(tree) for text in _docstrings(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield from sql_clocks(node.value)


def _docstrings(node: ast.AST) -> Iterator[ast.expr]:
    """The text that a module, class or function begins with."""
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
        first = node.body[0]
        if isinstance(first, ast.Expr):
            yield first.value


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sql_reads_the_clock(path: Path) -> None:
    assert sql_clocks(path.read_text(encoding="utf-8")) == []


def test_python_reads_the_clock_only_where_a_reason_is_written_down() -> None:
    readers = {
        str(path.relative_to(PACKAGE)): found
        for path in sorted(PACKAGE.rglob("*.py"))
        if (found := python_clocks(path.read_text(encoding="utf-8")))
    }
    assert set(readers) == set(MAY_READ_THE_CLOCK), readers


def test_the_files_that_are_searched_are_there() -> None:
    found = {path.relative_to(ROOT).parts[:2] for path in SQL_FILES}
    assert found == {(top, folder) for top, folders in SEARCHED.items() for folder in folders}


@pytest.mark.parametrize(
    "sql",
    [
        "select now()", "select NOW ()", "where d < current_date", "Current_Timestamp", "select today()",
        "localtimestamp", "get_current_timestamp()", "clock_timestamp()", "{{ run_started_at }}",
        "{{ modules.datetime.datetime.utcnow() }}", "getdate()",
    ],
)  # fmt: skip
def test_a_clock_in_sql_is_found(sql: str) -> None:
    assert sql_clocks(f"select 1 from t\n{sql}")
    assert python_clocks(f"query = {sql!r}")


@pytest.mark.parametrize(
    "code",
    [
        "datetime.now()", "dt.datetime.now(dt.UTC)", "datetime.datetime.today()", "dt.date.today()", "date.today()",
        "datetime.utcnow()", "time.time()", "time.time_ns()", "time.localtime()", "pd.Timestamp.now()",
        "pd.Timestamp.today()", "pd.Timestamp('now')", "pd.to_datetime('today')", "np.datetime64('now')",
        "clock = time.time", "from time import time", "connection.execute(f'select now() from {table}')",
    ],
)  # fmt: skip
def test_a_clock_in_python_is_found(code: str) -> None:
    assert python_clocks(code)


@pytest.mark.parametrize(
    "code",
    [
        "time.perf_counter()", "time.monotonic()", "settings.as_of", "known = 'what is known today'",
        '"""Never asks now() or current_date."""', "dt.datetime(2024, 1, 1)", "'select known_date, update_time from t'",
    ],
)  # fmt: skip
def test_what_is_no_clock_is_left_alone(code: str) -> None:
    assert python_clocks(code) == []
    assert sql_clocks("select known_now, nowhere, today_count, time_zone -- never current_date") == []
