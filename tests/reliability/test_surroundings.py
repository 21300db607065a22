"""K8, R1 and N3: targets that cannot be written, two runs at once, surroundings that must not matter."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from retention_pipeline.core.errors import ExitCode
from retention_pipeline.warehouse.lock import writer_lock
from tests.reliability.conftest import Night, Noted
from tests.reliability.figures import is_full
from tests.reliability.shop import FIRST, NEXT, Shop
from tests.reliability.warm import ID_KEY


def a_file_instead(path: Path) -> None:
    """What is there becomes a file: nothing can be written into it, not even by root."""
    if path.is_dir():
        path.rename(path.with_name(path.name + "-away"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


def dead_link(path: Path) -> None:
    """What is there becomes a link that leads nowhere, as a disk that is not mounted."""
    if path.is_dir():
        path.rename(path.with_name(path.name + "-away"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to("/nowhere/at/all")


TARGETS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "home": (".retention", a_file_instead),
    "home on a disk that is not there": (".retention", dead_link),
    "published": (".retention/published", a_file_instead),
    "published on a disk that is not there": (".retention/published", dead_link),
    "build": (".retention/build", a_file_instead),
    "keys": (".retention/keys", a_file_instead),
    "dagster": (".retention/dagster", a_file_instead),
    "running": (".retention/running", a_file_instead),
}


@pytest.mark.long
@pytest.mark.parametrize("target", TARGETS)
def test_a_target_that_cannot_be_written(target: str, published: Shop, tmp_path: Path, note: Noted) -> None:
    shop = published.copy(tmp_path / "shop", with_home=False)
    relative, spoil = TARGETS[target]
    spoil(shop.folder / relative)
    done = shop.run(RETENTION_ID_KEY=None) if target == "keys" else shop.run()
    assert "Traceback" not in done.said
    assert done.code == ExitCode.STORAGE, done.said
    assert "remedy:" in done.said
    assert shop.version() is None
    note("K8", f"cannot be written: {target}", 1, 1, "exit code 7, nothing half-made")


@pytest.mark.long
def test_a_second_run_names_the_first_and_ends(published: Shop, tmp_path: Path, note: Noted) -> None:
    shop = published.copy(tmp_path / "shop")
    shop.deliver(NEXT)
    commands = [("run",), ("backfill", "--from", str(FIRST), "--to", str(NEXT)), ("doctor", "--fix")]
    with writer_lock(shop.home, run="nightly-of-yesterday", purpose="backfill"):
        for arguments in commands:
            done = shop.run(*arguments)
            assert done.code == ExitCode.BUSY, done.said
            assert f"process {os.getpid()} (backfill nightly-of-yesterday" in done.said.replace("\n", " ")
        seen = shop.run("doctor")
        assert seen.code == 0, seen.said
        assert "only what is published was looked at" in " ".join(seen.said.split())
    note("R1", "a run, a backfill, a repair while another run is at work", len(commands), len(commands), "exit code 75")


@pytest.mark.long
def test_of_two_runs_at_once_one_waits_and_both_end_well(night: Night, tmp_path: Path, note: Noted) -> None:
    shop = night.shop.copy(tmp_path / "shop")
    both = [
        shop.start("run", "--wait", "300"),
        shop.start("backfill", "--from", str(FIRST), "--to", str(NEXT), "--wait", "300"),
    ]
    ended = [going.end() for going in both]
    assert [each.code for each in ended] == [0, 0], [each.said for each in ended]
    assert shop.content_hash() == night.expected
    assert shop.litter() == []
    note("R1", "a run and a backfill at once, both told to wait", 2, 2, "one after the other, one content hash")


@pytest.mark.long
def test_surroundings_change_nothing(published: Shop, tmp_path: Path, note: Noted) -> None:
    hashes = {published.content_hash()}
    counts = [1, 2, 8] if is_full() else [1]
    for count in counts:
        shop = published.copy(tmp_path / f"threads-{count}", with_home=False)
        done = shop.run(threads=count, folder=tmp_path)
        assert done.code == 0, done.said
        hashes.add(shop.content_hash())
    if is_full():
        shop = published.copy(tmp_path / "cold", with_home=False)
        surroundings = {
            **os.environ, "RETENTION_ID_KEY": ID_KEY, "RETENTION_RECEIVED_ON": "2026-01-01", "PYTHONHASHSEED": "1",
            "LC_ALL": "C", "TZ": "Pacific/Auckland", "PYTHONPATH": str(Path(__file__).parents[2]),
        }  # fmt: skip
        line = [sys.executable, "-m", "retention_pipeline.cli", "--config", str(shop.config), "run"]
        done_cold = subprocess.run(line, env=surroundings, cwd="/", capture_output=True, text=True, check=False)
        assert done_cold.returncode == 0, done_cold.stderr
        hashes.add(shop.content_hash())
    tried = 1 + len(counts) + int(is_full())
    what = "threads, hash seed, locale, time zone, working directory" if is_full() else "threads, working directory"
    note("N3", what, tried, tried if len(hashes) == 1 else 0, f"{len(hashes)} content hash")
