"""Dagster as a deployment runs it: the daemon, the code server it starts, and a run that it launches from its queue.

Belongs here: starting, finding and killing these processes. Not here: what must hold afterwards (``test_daemon``).
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg

from retention_pipeline.defs.keys import JOB
from retention_pipeline.warehouse.lock import lock_holder
from tests.reliability.shop import Shop
from tests.reliability.warm import SURROUNDINGS

MODULE = "retention_pipeline.definitions"
PATIENCE_SECONDS = 300


@dataclasses.dataclass(frozen=True)
class Deployment:
    """A daemon at work for a shop, and one run of it that has come to a place in the middle of its work.

    Attributes:
        shop: The shop.
        run_id: The run.
        daemon: Process id of the daemon.
        server: ... of the code server, which the daemon started.
        worker: ... of the run, which the code server started.
    """

    shop: Shop
    run_id: str
    daemon: int
    server: int
    worker: int


def until(is_so: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> float:
    """Wait for something; returns how long it took."""
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"{what}: not after {seconds} s")
        time.sleep(0.1)
    return time.monotonic() - began


@contextlib.contextmanager
def instance_of(shop: Shop) -> Iterator[dg.DagsterInstance]:
    """The shop's own Dagster instance."""
    with dg.DagsterInstance.from_config(str(shop.home.dagster)) as instance:
        yield instance


@contextlib.contextmanager
def deployment(shop: Shop, failpoint: str, is_there: Callable[[], object]) -> Iterator[Deployment]:
    """Start the daemon, put a run in its queue, and wait until it has come to a failpoint, where it sleeps for a while.

    Whatever still lives at the end of the block is killed.

    Args:
        shop: A shop whose home exists.
        failpoint: The place.
        is_there: Tells that the run has come there.
    """
    surroundings = {
        **os.environ, **SURROUNDINGS, "DAGSTER_HOME": str(shop.home.dagster), "RETENTION_CONFIG": str(shop.config),
        "RETENTION_HOME": str(shop.home.root), "RETENTION_ENVIRONMENT": "development",
    }  # fmt: skip
    output = shop.folder / "daemon.txt"
    with output.open("wb") as said:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "dagster._daemon", "run", "-m", MODULE],
            env={**surroundings, "RETENTION_FAILPOINT": f"{failpoint}:sleep"},
            cwd=shop.home.dagster,
            stdout=said,
            stderr=said,
            start_new_session=True,  # the code server and its runs are of this group, so that all can be killed at once
        )
    try:
        run_id = _queue(surroundings, shop.home.dagster)
        until(lambda: lock_holder(shop.home) and is_there(), f"{failpoint} by a run of the daemon")
        holder = lock_holder(shop.home)
        assert holder is not None
        assert holder.run == run_id
        yield Deployment(shop, run_id, daemon.pid, _parent_of(holder.pid), holder.pid)
    except AssertionError as error:
        error.add_note(output.read_text(encoding="utf-8", errors="replace")[-3000:])
        raise
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait()


def _queue(surroundings: dict[str, str], folder: Path) -> str:
    """Ask for a run with Dagster's own command; returns its id."""
    run_id = str(uuid.uuid4())
    line = [sys.executable, "-m", "dagster", "job", "launch", "-m", MODULE, "-j", JOB, "--run-id", run_id]
    done = subprocess.run(line, env=surroundings, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return run_id


def _parent_of(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(re.findall(r"^PPid:\s*(\d+)$", status, re.MULTILINE)[0])
