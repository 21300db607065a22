"""K5 and K6: no space, no memory. A run says so, with the exit code for it, and leaves what is served as it was."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from retention_pipeline.core.errors import ExitCode
from tests.reliability.conftest import Night, Noted
from tests.reliability.figures import is_full, size
from tests.reliability.scenarios import DISK, failpoints
from tests.reliability.shop import NEXT, Shop


def outcome(shop: Shop, before: dict[str, str], code: int, said: str) -> str:
    """What is wrong with how a run without space or memory ended; empty where nothing is."""
    if code == 0:
        return ""
    wrong = []
    if code != ExitCode.STORAGE:
        wrong.append(f"exit code {code}: {said[-600:]}")
    if "Traceback" in said:
        wrong.append("a traceback")
    if "still served: v000001" not in said or "remedy:" not in said:
        wrong.append(f"does not say what is served and what to do: {said[-600:]}")
    if shop.served() != before:
        wrong.append("what is served has changed")
    return "; ".join(wrong)


@pytest.mark.long
def test_files_that_cannot_grow(night: Night, tmp_path: Path, note: Noted) -> None:
    """A limit on the size of a file, swept: every write of a file meets it at some size, as on a full disk."""
    shop = night.shop.copy(tmp_path / "shop")
    before = shop.served()
    sizes = [2**n for n in (12, 16, *range(18, 27))] if is_full() else [2**16, 2**21]
    faults, refused = [], 0
    for limit in sizes:
        done = shop.run(limits={resource.RLIMIT_FSIZE: limit})
        refused += done.code != 0
        faults += [f"{limit} bytes: {wrong}"] if (wrong := outcome(shop, before, done.code, done.said)) else []
        if done.code == 0:
            break
    assert faults == []
    assert refused > 0
    done = shop.run()
    assert done.code == 0, done.said
    assert shop.content_hash() == night.expected
    assert shop.litter() == []
    note(
        "K5", "largest file allowed, swept from 4 kB", refused, refused - len(faults), "exit code 7, CURRENT untouched"
    )


@pytest.mark.long
def test_no_space_at_each_durable_write(shop: Shop, note: Noted) -> None:
    shop.deliver(NEXT)
    before, faults = shop.served(), []
    names = [name for name in DISK if is_full() or name == "publish.after_parquet"]
    assert set(DISK) <= set(failpoints())
    for name in names:
        done = shop.run(RETENTION_FAILPOINT=f"{name}:enospc")
        assert done.code != 0, name
        faults += [f"{name}: {wrong}"] if (wrong := outcome(shop, before, done.code, done.said)) else []
    assert faults == []
    done = shop.run()
    assert done.code == 0, done.said
    assert shop.litter() == []
    note("K5", "ENOSPC at a durable write", len(names), len(names) - len(faults), "then a plain rerun")


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: float) -> Iterator[None]:
    """A file system of its own; skips where this user must not mount one."""
    options = f"size={int(megabytes * 1024)}k"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("this user may not mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_disk_that_is_full(published: Shop, tmp_path: Path, note: Noted) -> None:
    """The home on a disk of its own with a little space left, swept up to what a run needs."""
    used = sum(path.stat().st_size for path in published.folder.rglob("*") if path.is_file()) / 1e6
    faults, refused = [], 0
    rooms = [0.1, 2, 8, 16, 32] if is_full() else [1]
    for number, room in enumerate(rooms):
        place = tmp_path / f"disk-{number}"
        place.mkdir()
        with small_disk(place, used * 1.15 + room):
            shop = published.copy(place / "shop")
            shop.deliver(NEXT)
            before = shop.served()
            done = shop.run()
            refused += done.code != 0
            faults += [f"{room} MB left: {wrong}"] if (wrong := outcome(shop, before, done.code, done.said)) else []
    assert faults == []
    assert refused > 0
    note("K5", "a small disk, its free space swept", len(rooms), len(rooms) - len(faults), f"{refused} runs refused")


@pytest.mark.long
def test_too_little_memory(shop: Shop, note: Noted) -> None:
    """Data segments limited, and the limit halved and halved again between what works and what does not."""
    shop.deliver(NEXT)
    before, works, fails = shop.served(), 3000, 100
    faults, tried = [], 0
    for _ in range(size(1, 5)):
        limit = (works + fails) // 2
        done = shop.run("run", "--rebuild", limits={resource.RLIMIT_DATA: limit * 1024 * 1024})
        tried += 1
        if done.code == 0:
            works, before = limit, shop.served()
            continue
        fails = limit
        wrong = outcome(shop, before, done.code, re.sub(r"still served: v\d{6}", "still served: v000001", done.said))
        faults += [f"{limit} MB: {wrong}"] if wrong else []
    assert faults == []
    done = shop.run()
    assert done.code == 0, done.said
    note(
        "K6",
        "memory limited",
        tried,
        tried - len(faults),
        f"works with {works} MB of data segment, not with {fails} MB",
    )
