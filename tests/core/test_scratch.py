"""What does not fit into memory lies where the next run looks for what a killed one left."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from retention_pipeline.core import scratch
from retention_pipeline.core.home import Home
from retention_pipeline.quality.database import open_database
from retention_pipeline.warehouse.connection import connect
from retention_pipeline.warehouse.lock import writer_lock


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Scratch space of the system that no other test uses."""
    folder = tmp_path / "system"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def dead_process() -> int:
    with subprocess.Popen(["true"]) as process:
        pass
    return process.pid


def test_every_connection_spills_to_a_place_that_is_known(system: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    asked = "select current_setting('temp_directory')"
    with connect(path) as writer:
        assert writer.execute(asked).fetchall() == [(str(scratch.of_writer(path)),)]
    for reader in (connect(path, read_only=True), connect(None)):
        with reader:
            assert reader.execute(asked).fetchall() == [(str(scratch.of_readers()),)]
    with open_database(path, {}) as checked:
        assert checked.exec_driver_sql(asked).fetchall() == [(str(scratch.of_checks(path)),)]
    assert scratch.of_readers().parent == system


def test_a_run_removes_what_dead_readers_left_and_nothing_else(system: Path, tmp_path: Path) -> None:
    left = system / f"retention-{os.getuid()}-{dead_process()}.tmp"
    kept = [system / f"retention-{os.getuid()}-{name}.tmp" for name in (os.getpid(), "of mine", 10**30)]
    kept.append(system / f"retention-{os.getuid() + 1}-{dead_process()}.tmp")
    for folder in (left, *kept):
        folder.mkdir()
        (folder / "duckdb_temp_storage").touch()
    assert list(scratch.left_by_readers()) == [left]
    with writer_lock(Home(tmp_path / "home"), run="one"):
        assert sorted(system.iterdir()) == sorted(kept)
