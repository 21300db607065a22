"""K3 and K7 under Dagster's daemon: its processes killed around a run, with the run or without; a run cancelled."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from retention_pipeline.core.home import Home
from retention_pipeline.defs.orphans import find_orphans
from retention_pipeline.warehouse.lock import lock_holder
from retention_pipeline.warehouse.versions import published_names
from tests.reliability.conftest import Night, Noted
from tests.reliability.daemon import Deployment, deployment, instance_of, until
from tests.reliability.figures import is_full
from tests.reliability.shop import Shop

pytestmark = pytest.mark.long
POOL = "warehouse"
PLACE = "publish.before_swap"
"""Everything is built and a version is written; only nobody has been told."""
CANCEL_SECONDS = 10


def has_unfinished_version(shop: Shop) -> bool:
    return any(name.startswith("v0") for name in shop.litter())


def kill(*processes: int) -> None:
    for process in processes:
        os.kill(process, signal.SIGKILL)


def status_of(going: Deployment) -> dg.DagsterRunStatus:
    with instance_of(going.shop) as instance:
        run = instance.get_run_by_id(going.run_id)
    assert run is not None
    return run.status


def take_slot(going: Deployment) -> None:
    """Have the run hold a slot of a pool, as in an instance whose operator limits steps."""
    with instance_of(going.shop) as instance:
        storage = instance.event_log_storage
        storage.set_concurrency_slots(POOL, 1)
        assert storage.claim_concurrency_slot(POOL, going.run_id, "publish").is_claimed


def kill_all(going: Deployment) -> None:
    os.killpg(going.daemon, signal.SIGKILL)
    until(lambda: lock_holder(going.shop.home) is None, "the lock of a killed run is free")
    assert status_of(going) == dg.DagsterRunStatus.STARTED


def kill_those_around(going: Deployment) -> None:
    """The run has a process of its own, which goes on and ends."""
    kill(going.daemon, going.server)
    until(lambda: status_of(going).value in {"SUCCESS", "FAILURE"}, "the run ends alone")
    assert status_of(going) == dg.DagsterRunStatus.SUCCESS


def kill_daemon(going: Deployment) -> None:
    """The code server lets its runs end before it follows the daemon."""
    kill(going.daemon)
    until(lambda: status_of(going).value in {"SUCCESS", "FAILURE"}, "the run ends without the daemon")
    assert status_of(going) == dg.DagsterRunStatus.SUCCESS


def kill_run(going: Deployment) -> None:
    """Dagster sees it, and starts the run once more."""
    kill(going.worker)
    until(lambda: status_of(going) == dg.DagsterRunStatus.FAILURE, "the code server sees that its run is gone")
    until(lambda: going.shop.version() != "v000001", "the run is started once more and publishes")
    until(lambda: lock_holder(going.shop.home) is None, "the second run ends")


KILLED: dict[str, tuple[Callable[[Deployment], None], bool]] = {
    "daemon, code server and run": (kill_all, False),
    "daemon and code server": (kill_those_around, True),
    "daemon": (kill_daemon, True),
    "run": (kill_run, True),
}
"""What is killed, and whether what was under way is published without another run."""


@pytest.mark.parametrize("what", [what for what in KILLED if is_full() or "," in what])
def test_a_plain_run_after_kills_around_a_run_of_the_daemon(
    what: str, night: Night, tmp_path: Path, note: Noted
) -> None:
    shop = night.shop.copy(tmp_path / "shop")
    before = shop.served()
    strike, is_published = KILLED[what]
    with deployment(shop, PLACE, lambda: has_unfinished_version(shop)) as going:
        take_slot(going)
        assert shop.served() == before
        began = time.monotonic()
        strike(going)
        seen = time.monotonic() - began
        assert (shop.version() != "v000001") == is_published
    began = time.monotonic()
    done = shop.run()
    took = time.monotonic() - began
    assert done.code == 0, done.said
    assert shop.content_hash() == night.expected
    assert len(published_names(shop.home)) == 2, "published once"
    assert shop.litter() == []
    assert_settled(shop.home, going)
    figure = f"{seen:.1f} s until it was over, the plain run {took:.1f} s; one version, slot and lock free"
    note("K3", f"kill -9 of {what}, then a plain run", 1, 1, figure)


def assert_settled(home: Home, going: Deployment) -> None:
    """No run that seems to be alive, no slot taken, nobody at the lock."""
    with instance_of(going.shop) as instance:
        assert not find_orphans(instance, home)
        assert instance.event_log_storage.get_concurrency_info(POOL).active_slot_count == 0
    assert status_of(going) in {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
    assert lock_holder(home) is None


def test_a_run_that_is_cancelled_in_the_interface_ends_cleanly(night: Night, tmp_path: Path, note: Noted) -> None:
    """What the web interface's button does."""
    shop = night.shop.copy(tmp_path / "shop")
    before = shop.served()
    with deployment(shop, PLACE, lambda: has_unfinished_version(shop)) as going:
        take_slot(going)
        began = time.monotonic()
        with instance_of(shop) as instance:
            assert instance.run_launcher.terminate(going.run_id)
        until(lambda: lock_holder(shop.home) is None, "the lock is free", CANCEL_SECONDS)
        until(lambda: status_of(going) == dg.DagsterRunStatus.CANCELED, "cancelled", CANCEL_SECONDS)
        took = time.monotonic() - began
        assert shop.served() == before
    done = shop.run()
    assert done.code == 0, done.said
    assert shop.content_hash() == night.expected
    assert len(published_names(shop.home)) == 2
    assert shop.litter() == []
    assert_settled(shop.home, going)
    note("K7", "a run of the daemon cancelled, then a plain run", 1, 1, f"cancelled in {took:.1f} s")
