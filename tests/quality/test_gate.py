"""Running a gate: failed, not evaluated and not applicable are three things, and the files are free afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest

from retention_pipeline.core.errors import ConfigError, GateFailedError, StorageError
from retention_pipeline.quality.gate import run_gate
from retention_pipeline.quality.report import GateReport
from retention_pipeline.quality.suites import Suite
from tests.quality.bench import ROOT, suite_of
from tests.quality.tiny import PARAMETERS, TinyFiles

HAS_ROWS = {
    "name": "has_rows",
    "meaning": "The table is not empty.",
    "expect": "ExpectTableRowCountToBeBetween",
    "kwargs": {"min_value": 1},
}


def gate(
    files: TinyFiles, *checks: dict[str, Any], table: str = "staging.stg_orders", times: int = 1, **others: Any
) -> GateReport:
    """Run made-up checks over one table of the shop, as one suite or as several."""
    content = {
        "table": table,
        "description": "Made up for this test.",
        "key": ["order_id"],
        "checks": [HAS_ROWS, *checks],
    }
    arguments = {
        "database": files.build,
        "attach": {"store": files.store},
        "parameters": PARAMETERS,
        "configured": frozenset({"orders"}),
    }
    return run_gate("staging", [Suite.model_validate(content)] * times, **{**arguments, **others})


def query(sql: str, name: str = "odd") -> dict[str, Any]:
    return {"name": name, "meaning": "Nothing odd is to be found.", "no_rows": sql}


def expectation(class_name: str, **kwargs: Any) -> dict[str, Any]:
    return {"name": "odd", "meaning": "Nothing odd is to be found.", "expect": class_name, "kwargs": kwargs}


def outcomes(report: GateReport) -> dict[str, str]:
    return {result.check: result.outcome for result in report.results}


def test_a_failing_check_says_what_where_how_many_and_which(tiny_files: TinyFiles) -> None:
    report = gate(tiny_files, query("select order_id, status from {table} where status <> 'paid'"))
    with pytest.raises(GateFailedError) as failed:
        report.raise_if_blocking()
    message = str(failed.value)
    assert "gate staging: 1 check(s) failed, 0 could not be evaluated, 1 passed" in message
    assert "FAILED staging.stg_orders: odd: Nothing odd is to be found." in message
    assert "expected no rows; observed 2 row(s)" in message
    assert "for example order_id=o06, status=refunded; order_id=o07, status=cancelled" in message
    assert "remedy: " in message
    assert failed.value.exit_code == 4


def test_a_failing_expectation_counts_its_rows_and_shows_five_keys(tiny_files: TinyFiles) -> None:
    report = gate(tiny_files, expectation("ExpectColumnValuesToBeInSet", column="status", value_set=["void"]))
    failed = report.blocking[0]
    assert failed.unexpected_count == 15
    assert failed.observed == "15 violating row(s)"
    assert failed.expected == "status one of void"
    assert len(failed.examples) == 5
    assert all("order_id=o" in example for example in failed.examples)


@pytest.mark.parametrize(
    ("check", "observed"),
    [
        (expectation("ExpectTableRowCountToBeBetween", min_value=99), "15 row(s)"),
        (
            expectation("ExpectTableColumnsToMatchOrderedList", column_list=["order_id"]),
            "columns order_id, customer_id",
        ),
    ],
)
def test_what_was_observed_is_said_in_words(tiny_files: TinyFiles, check: dict[str, Any], observed: str) -> None:
    assert gate(tiny_files, check).blocking[0].observed.startswith(observed)


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        (query("select * from {table} where no_such_column = 1"), "no_such_column"),
        (query("select * from {table}, marts.no_such_table"), "no_such_table"),
        (query("selekt 1 from {table}"), "syntax error"),
        (query("select cast(order_id as integer) as number from {table}"), "Could not convert"),
        (expectation("ExpectColumnValuesToNotBeNull", column="no_such_column"), "no_such_column"),
        (
            expectation("ExpectColumnValuesToBeBetween", column="status", min_value=1),
            "cannot be computed on column of type VARCHAR",
        ),
    ],
)
def test_a_check_that_raises_is_an_error_and_blocks(tiny_files: TinyFiles, check: dict[str, Any], reason: str) -> None:
    report = gate(tiny_files, check, query("select * from {table} where order_id is null", "fine"))
    assert outcomes(report) == {"has_rows": "passed", "odd": "error", "fine": "passed"}
    assert reason in report.blocking[0].observed
    with pytest.raises(GateFailedError, match="could not be evaluated: "):
        report.raise_if_blocking()


def test_one_unanswerable_question_does_not_spoil_those_asked_with_it(tiny_files: TinyFiles) -> None:
    filled = {
        "name": "filled",
        "meaning": "Every order has its parts.",
        "expect": "ExpectColumnValuesToNotBeNull",
        "each_column": ["order_id", "no_such_column", "status", "customer_id"],
    }
    overflow = expectation("ExpectColumnValuesToBeBetween", column="status", min_value=1)
    assert outcomes(gate(tiny_files, filled, overflow)) == {
        "has_rows": "passed",
        "filled.order_id": "passed",
        "filled.no_such_column": "error",
        "filled.status": "passed",
        "filled.customer_id": "failed",
        "odd": "error",
    }


def test_a_check_that_raises_does_not_spoil_the_next_table(tiny_files: TinyFiles) -> None:
    """Its statement leaves the connection in an aborted transaction."""
    raising = query("select order_id from {table} where cast(order_id as integer) > 0")
    report = gate(tiny_files, raising, times=2)
    assert [result.outcome for result in report.results] == ["passed", "error"] * 2


def test_a_missing_table_is_an_error_said_once(tiny_files: TinyFiles) -> None:
    report = gate(tiny_files, query("select 1 from {table}"), table="staging.stg_returns")
    assert set(outcomes(report).values()) == {"error"}
    with pytest.raises(GateFailedError) as failed:
        report.raise_if_blocking()
    assert str(failed.value).count("table staging.stg_returns does not exist") == 1


@pytest.mark.parametrize(
    "check",
    [
        expectation("ExpectColumnValuesToNotBeNul", column="status"),
        expectation("expect_column_values_to_not_be_null", column="status"),
        expectation("conditions"),
        expectation("ExpectColumnValuesToNotBeNull", colum="status"),
        expectation("ExpectColumnValuesToNotBeNull", column="status", mostley=0.9),
        expectation("ExpectColumnValuesToBeInSet", column="status", values=["paid"]),
    ],
)
def test_a_mistyped_expectation_or_argument_is_loud(tiny_files: TinyFiles, check: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="check odd: "):
        gate(tiny_files, check)


def test_a_suite_whose_source_is_not_configured_is_not_applicable(tiny_files: TinyFiles) -> None:
    report = run_gate(
        "staging",
        [suite_of("staging.stg_feedback")],
        database=tiny_files.build,
        attach={},
        parameters=PARAMETERS,
        configured=frozenset({"orders"}),
    )
    assert set(report.counts) == {"not_applicable"}
    report.raise_if_blocking()


def test_the_rows_of_a_report_are_the_same_each_time(tiny_files: TinyFiles) -> None:
    checks = [query("select order_id from {table}"), query("select 1 from {table} where false", "fine")]
    first, second = (gate(tiny_files, *checks).to_rows() for _ in range(2))
    assert first == second
    assert set(first[0]) == {
        "stage", "table_name", "check_name", "meaning", "outcome", "expected", "observed", "unexpected_count"
    }  # fmt: skip
    assert [(row["table_name"], row["check_name"]) for row in first] == sorted(
        (row["table_name"], row["check_name"]) for row in first
    )


def test_the_files_can_be_written_right_after_a_gate(tiny_files: TinyFiles, tmp_path: Path) -> None:
    files = TinyFiles(tmp_path / "store.duckdb", tmp_path / "build.duckdb")
    shutil.copyfile(tiny_files.store, files.store)
    shutil.copyfile(tiny_files.build, files.build)
    gate(files, query("select cast(order_id as integer) as number from {table}"))
    for path in (files.store, files.build):
        with duckdb.connect(str(path), config={"threads": "1"}) as connection:
            connection.execute("create table main.written as select 1")
    assert {path.name for path in tmp_path.iterdir()} == {"store.duckdb", "build.duckdb"}


def test_a_gate_cannot_write(tiny_files: TinyFiles) -> None:
    report = gate(tiny_files, query("select 1 from {table}) as x; delete from staging.stg_orders; select (1"))
    assert outcomes(report)["odd"] == "error"
    assert outcomes(gate(tiny_files))["has_rows"] == "passed"


def test_a_path_with_odd_characters_is_only_a_path(tiny_files: TinyFiles, tmp_path: Path) -> None:
    folder = tmp_path / "it's $HOME ${x} 100%?&=é"
    folder.mkdir()
    files = TinyFiles(folder / "store.duckdb", folder / "build.duckdb")
    shutil.copyfile(tiny_files.store, files.store)
    shutil.copyfile(tiny_files.build, files.build)
    assert gate(files).blocking == ()


def test_a_file_that_cannot_be_opened_is_a_storage_error(tiny_files: TinyFiles, tmp_path: Path) -> None:
    (tmp_path / "build.duckdb").write_bytes(b"not a database" * 1000)
    with pytest.raises(StorageError, match=r"build\.duckdb: cannot be opened"):
        gate(TinyFiles(tiny_files.store, tmp_path / "build.duckdb"))


def test_a_signal_ends_the_gate_although_great_expectations_takes_it_for_an_answer(tiny_files: TinyFiles) -> None:
    numbers = "range(1000000) one, range(1000000) other"
    slow = f"select 1 from {{table}}, {numbers} where one.range * other.range % 7 = 8"
    gate(tiny_files)  # an interrupted import would be met by the tests after this one
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    soon = threading.Timer(3, os.kill, (os.getpid(), signal.SIGTERM))
    soon.start()
    try:
        with pytest.raises(KeyboardInterrupt):  # each of the queries would take hours
            gate(tiny_files, query(slow, "slow"), query(slow, "as_slow"), query(slow, "slow_too"))
        assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    finally:
        soon.cancel()
        signal.signal(signal.SIGTERM, before)
    assert gate(tiny_files).blocking == ()


def test_a_gate_without_suites_is_refused(tiny_files: TinyFiles) -> None:
    with pytest.raises(ConfigError, match="would pass everything"):
        run_gate(
            "raw", [], database=tiny_files.store, attach={}, parameters=PARAMETERS, configured=frozenset({"orders"})
        )


def test_a_gate_uses_no_network_and_leaves_the_process_as_it_was(
    tiny_files: TinyFiles, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a gate opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    gate(tiny_files, query("select cast(order_id as integer) as number from {table}"))
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
    assert capfd.readouterr() == ("", "")


def test_great_expectations_is_not_imported_before_a_gate_runs() -> None:
    code = (
        "import sys; from pathlib import Path; from retention_pipeline.quality import gate, suites;"
        f"suites.load_suites(Path({str(ROOT / 'data_tests')!r}), 'marts');"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'great_expectations', 'sqlalchemy', 'pandas'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"
