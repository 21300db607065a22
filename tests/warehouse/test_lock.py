from __future__ import annotations

import os
import signal
import stat
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from retention_pipeline.core.errors import BusyError, ExitCode, StorageError
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import lock
from retention_pipeline.warehouse.lock import boot_id, lock_holder, no_writer, writer_lock
from tests.warehouse.support import pipe, start


def hold_until_told(root: Path, told: Connection) -> None:
    """In a child process: hold the lock, say so, and keep it until something is received."""
    with writer_lock(Home(root), run="nightly-7", purpose="backfill"):
        told.send(os.getpid())
        told.recv()


def test_the_holder_is_named_and_the_lock_is_free_once_it_has_been_killed(home: Home) -> None:
    here, there = pipe()
    child = start(hold_until_told, home.root, there)
    pid = here.recv()
    said = rf"process {pid} \(backfill nightly-7, since 20\d\d-"
    with pytest.raises(BusyError, match=said) as caught, writer_lock(home, run="other"):
        pytest.fail("two writers")
    assert caught.value.exit_code == ExitCode.BUSY
    seen = lock_holder(home)
    assert seen is not None
    assert (seen.pid, seen.run, seen.boot_id) == (pid, "nightly-7", boot_id())
    os.kill(pid, signal.SIGKILL)
    child.join(60)
    with writer_lock(home, run="next") as holder:
        assert holder.pid == os.getpid()
    assert lock_holder(home) is None


def test_a_writer_may_wait_for_another_one(home: Home) -> None:
    here, there = pipe()
    child = start(hold_until_told, home.root, there)
    here.recv()
    began = time.monotonic()
    with pytest.raises(BusyError), writer_lock(home, run="impatient", wait_seconds=0.5):
        pytest.fail("two writers")
    assert time.monotonic() - began >= 0.5
    here.send("enough")
    with writer_lock(home, run="patient", wait_seconds=60):
        child.join(60)
    assert child.exitcode == 0


def test_looking_for_the_holder_does_not_keep_a_writer_out(home: Home) -> None:
    assert lock_holder(home) is None
    with writer_lock(home, run="one"):
        pass
    for _ in range(50):
        assert lock_holder(home) is None
        with writer_lock(home, run="two"):
            assert lock_holder(home) is not None


def test_the_lock_of_an_earlier_start_of_the_machine_is_not_reported(home: Home) -> None:
    with writer_lock(home, run="one"):
        text = home.lock.read_text()
        assert boot_id() in text
        home.lock.write_text(text.replace(boot_id(), "another start"))
        with pytest.raises(BusyError, match="another process"), writer_lock(home, run="two"):
            pytest.fail("two writers")


def test_a_run_waits_for_somebody_who_only_reads_the_store(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing a large store with its checksum takes longer than a run that does not wait has patience."""
    monkeypatch.setattr(lock, "_GRACE_SECONDS", 0.0)
    with writer_lock(home, run="one"):
        pass
    reading, ended = threading.Event(), []

    def look() -> None:
        with no_writer(home) as is_free:
            assert is_free
            reading.set()
            time.sleep(0.5)
            ended.append("look")

    thread = threading.Thread(target=look)
    thread.start()
    reading.wait(10)
    with writer_lock(home, run="two"):
        assert ended == ["look"]
        with no_writer(home) as is_free:
            assert not is_free
    thread.join()
    monkeypatch.setattr(lock, "_LOOKING_SECONDS", 0.0)
    with no_writer(home), pytest.raises(BusyError), writer_lock(home, run="three"):
        pytest.fail("somebody was reading")


def test_a_home_is_created_so_that_others_can_reach_only_what_is_published(home: Home) -> None:
    with writer_lock(home, run="one"):
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.root.iterdir()}
        (home.temporary / "file").touch()
        assert stat.S_IMODE((home.temporary / "file").stat().st_mode) == 0o600
    assert modes == {"tmp": 0o700, "build": 0o700, "keys": 0o700, "published": 0o755, "writer.lock": 0o600}
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o711


def test_what_a_killed_writer_left_is_removed_by_the_next_one(home: Home) -> None:
    with writer_lock(home, run="one"):
        pass
    spilled = ("build/build.duckdb.tmp/z", "store.duckdb.tmp/z", "build/build.duckdb.checks.tmp/z")
    for leftover in (*spilled, "store.duckdb.checks.tmp/z", "tmp/x/y", "build/.tmp-state.json-1"):
        (home.root / leftover).parent.mkdir(parents=True, exist_ok=True)
        (home.root / leftover).touch()
    with writer_lock(home, run="two"):
        found = {path.relative_to(home.root).as_posix() for path in home.root.rglob("*")}
    assert found == {"tmp", "build", "keys", "published", "writer.lock"}


def test_a_home_that_cannot_be_created_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file"), writer_lock(Home(tmp_path / "file" / "home"), run="one"):
        pytest.fail("no home")
