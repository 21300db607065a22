"""K3: runs whose process was killed, the pool slots they hold, and who settles them."""

import os
import signal
import time
from pathlib import Path

import dagster as dg
import pytest

from retention_pipeline.cli.running import prepare_home
from retention_pipeline.core.home import Home
from retention_pipeline.defs.orphans import HOME_TAG, MESSAGE, NOT_TRIED_AGAIN, find_orphans, settle
from retention_pipeline.warehouse.lock import lock_holder
from retention_pipeline.warehouse.running import dead_signs, has_process, sign_of_life
from tests.reliability import warm
from tests.reliability.conftest import Noted
from tests.reliability.shop import NEXT, Shop

pytestmark = pytest.mark.long
POOL = "warehouse"


def instance_of(home: Home) -> dg.DagsterInstance:
    return dg.DagsterInstance.from_config(str(home.dagster))


@dg.op
def die_with_a_slot(context: dg.OpExecutionContext) -> None:
    """A step that holds a slot of a pool, of a run that shows that it lives, and is killed."""
    storage = context.instance.event_log_storage
    storage.set_concurrency_slots(POOL, 1)
    assert storage.claim_concurrency_slot(POOL, context.run_id, "step").is_claimed
    with sign_of_life(Home(Path(context.run.tags[HOME_TAG])), context.run_id):
        os.kill(os.getpid(), signal.SIGKILL)


@dg.job
def nightly() -> None:
    die_with_a_slot()


def run_until_killed(place: str, tagged: str) -> None:
    """In a child process."""
    with instance_of(Home(Path(place))) as instance:
        nightly.execute_in_process(instance=instance, tags={HOME_TAG: tagged})


def kill_a_run(place: Home, tagged: Home) -> None:
    """A run of one shop in the Dagster instance at a place, killed."""
    prepare_home(place)
    ended = warm.start(run_until_killed, str(place.root), str(tagged.root)).end()
    assert ended.code == -signal.SIGKILL, ended.said


def test_a_killed_run_is_marked_failed_and_its_slot_freed(home: Home, note: Noted) -> None:
    kill_a_run(home, home)
    with instance_of(home) as instance:
        assert instance.event_log_storage.get_concurrency_info(POOL).active_slot_count == 1
        began = time.perf_counter()
        done = settle(instance, home)
        took = time.perf_counter() - began
        (run,) = done.runs
        assert done.slots == (run.run_id,)
        settled = instance.get_run_by_id(run.run_id)
        assert settled is not None
        assert settled.status == dg.DagsterRunStatus.FAILURE
        assert settled.tags.items() >= NOT_TRIED_AGAIN.items()
        assert instance.event_log_storage.get_concurrency_info(POOL).active_slot_count == 0
        assert not find_orphans(instance, home)
    assert dead_signs(home) == []
    note("K3", "a killed run with a slot of a pool", 1, 1, f"settled in {took:.2f} s, slot free")


def test_a_run_that_waits_for_the_lock_is_no_orphan_and_another_shop_is_left_alone(home: Home, tmp_path: Path) -> None:
    place, other = Home(tmp_path / "shared"), Home(tmp_path / "other")
    kill_a_run(place, other)
    with instance_of(place) as instance:
        assert not find_orphans(instance, home)
        (run,) = find_orphans(instance, other).runs
        assert not find_orphans(instance, other, own=run.run_id).runs
        with sign_of_life(other, run.run_id):
            assert has_process(other, run.run_id)
            assert not find_orphans(instance, other)
        assert has_process(other, run.run_id) is None
        assert not find_orphans(instance, other).runs  # it may still be starting


def test_a_killed_run_of_the_command_is_settled_by_the_next_one(shop: Shop, note: Noted) -> None:
    shop.deliver(NEXT)
    killed = shop.run(RETENTION_FAILPOINT="intake.before_commit:kill")
    assert killed.code == -signal.SIGKILL
    assert lock_holder(shop.home) is None
    with instance_of(shop.home) as instance:
        (orphan,) = find_orphans(instance, shop.home).runs
    seen = shop.run("doctor")
    assert seen.code == 0, seen.said
    assert "1 run(s) without a process" in seen.said
    began = time.monotonic()
    going = shop.start()
    took = None
    while took is None and going.process.is_alive():
        with instance_of(shop.home) as instance:
            run = instance.get_run_by_id(orphan.run_id)
        if run is not None and run.status == dg.DagsterRunStatus.FAILURE:
            took = time.monotonic() - began
        time.sleep(0.2)
    done = going.end()
    assert done.code == 0, done.said
    assert took is not None
    with instance_of(shop.home) as instance:
        assert not find_orphans(instance, shop.home)
        assert any(MESSAGE in (entry.message or "") for entry in instance.all_logs(orphan.run_id))
    note("K3", "kill -9 of a run; the next one settles it", 1, 1, f"{took:.1f} s after the next run was started")
