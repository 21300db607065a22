from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.harness import Record
from benchmarks.measure import ContenderFailedError, Measurement, run_measured
from benchmarks.report import aligned, plot, ratios, text

PARTS = {"staging": 2.0, "marts": 4.0, "gate raw": 1.0, "gate marts": 2.0, "model:fct_period": 3.0}


def measured(contender: str, seconds: float, **parts: float) -> Measurement:
    return Measurement(contender, 1000, seconds, 2 * seconds, 100.0, parts)


RECORD = Record(
    {"cores": "2"},
    (
        measured("floor", 4.0),
        Measurement("pipeline", 1000, 20.0, 40.0, 500.0, PARTS),
        measured("floor", 2.0),
        Measurement("pipeline", 1000, 10.0, 20.0, 700.0, PARTS),
        measured("pandas", 30.0),
    ),
)


def test_ratios_are_of_medians() -> None:
    found = {name: ratio for _, name, ratio in ratios(RECORD)}
    assert found == {
        "gates / whole run": 3 / 15,
        "staging and facts / floor": 6 / 3,
        "whole run / floor": 15 / 3,
        "whole run / pandas": 15 / 30,
    }


def test_the_text_has_every_contender_and_the_slowest_model() -> None:
    lines = text(RECORD).splitlines()
    assert any(line.split()[:4] == ["1,000", "pipeline", "2", "15.0"] for line in lines)
    assert any(line.split() == ["fct_period", "3.0"] for line in lines)


def test_a_record_survives_being_written(tmp_path: Path) -> None:
    RECORD.write(tmp_path / "record.json")
    assert Record.read([tmp_path / "record.json"]) == RECORD


def test_columns_are_aligned() -> None:
    assert aligned([("name", "n"), ("a", "10")]) == "name   n\na     10"


def test_the_plot_is_written(tmp_path: Path) -> None:
    plot(RECORD, tmp_path / "cost.svg")
    assert "<svg" in (tmp_path / "cost.svg").read_text(encoding="utf-8")


def test_a_process_is_measured_and_its_failure_named(tmp_path: Path) -> None:
    code = "import os; x = bytearray(60_000_000); print(os.environ['MARK'])"
    seconds, cpu, peak = run_measured([sys.executable, "-c", code], tmp_path / "log", {"MARK": "here"})
    assert seconds > 0
    assert cpu > 0
    assert peak > 60
    assert (tmp_path / "log").read_text(encoding="utf-8") == "here\n"
    with pytest.raises(ContenderFailedError, match="ended with 3"):
        run_measured([sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "log", {})
