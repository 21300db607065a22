"""C1 and C2: flipped bits and truncations of every kind of stored file, missing files, files too many."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import retention_pipeline
from retention_pipeline.core.errors import CorruptFileError
from retention_pipeline.core.home import Home
from retention_pipeline.core.window import EVERYTHING
from retention_pipeline.doctor import served
from retention_pipeline.doctor.finding import State
from retention_pipeline.warehouse import seal
from retention_pipeline.warehouse.connection import connect
from retention_pipeline.warehouse.lock import writer_lock
from retention_pipeline.warehouse.store import open_store
from retention_pipeline.warehouse.verify import verify_version
from tests.reliability import warm
from tests.reliability.conftest import Noted
from tests.reliability.damaging import (
    CUT,
    FLIP,
    content_of_database,
    content_of_json,
    content_of_parquet,
    damages,
    without_checksums,
)
from tests.reliability.figures import size
from tests.reliability.shop import FIRST, write_day
from tests.time.small_shop import SmallShop
from tests.warehouse.support import numbers_in, publish_number

pytestmark = pytest.mark.long
ATTEMPTS = 200


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of stored file.

    Attributes:
        name: In words.
        path: Where it lies in a home.
        detects: Whether the next use of the home notices that it is damaged.
        read: How a reader without checksums would read it; None where there is no such thing.
    """

    name: str
    path: Callable[[Home], Path]
    detects: Callable[[Home], bool]
    read: Callable[[Path], Any] | None


def refuses(use: Callable[[], object]) -> bool:
    """Whether this ends with the error for damaged files."""
    try:
        use()
    except CorruptFileError:
        return True
    return False


def begin_a_run(home: Home) -> None:
    with writer_lock(home, run="after-damage"):
        pass


def store_is_refused(home: Home) -> bool:
    return refuses(lambda: begin_a_run(home)) and refuses(lambda: open_store(home, read_only=True).close())


def build_is_discarded(home: Home) -> bool:
    begin_a_run(home)
    return not home.build.exists() and not home.build_state.exists()


def current(home: Home) -> Path:
    return home.published / "v000002"


KINDS = (
    Kind("delivery store", lambda home: home.store, store_is_refused, content_of_database),
    Kind("build file", lambda home: home.build, build_is_discarded, content_of_database),
    Kind(
        "published Parquet",
        lambda home: current(home) / "facts.parquet",
        lambda home: refuses(lambda: verify_version(current(home))),
        content_of_parquet,
    ),
    Kind(
        "published .duckdb",
        lambda home: current(home) / "retention.duckdb",
        lambda home: refuses(lambda: retention_pipeline.connect(home.root)),
        content_of_database,
    ),
    Kind(
        "manifest.json",
        lambda home: current(home) / "manifest.json",
        lambda home: refuses(lambda: retention_pipeline.connect(home.root)),
        content_of_json,
    ),
    Kind(
        "CURRENT",
        lambda home: home.current_pointer,
        lambda home: refuses(lambda: retention_pipeline.connect(home.root)),
        None,
    ),
)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a filled store, a build file and two published versions; no whole run was needed for it."""
    shop = SmallShop(tmp_path_factory.mktemp("damage") / "shop")
    for day in range(3):
        write_day(shop, FIRST.replace(day=day + 1), count=40)
    home = shop.settings.home
    with writer_lock(home, run="fill"):
        shop.take_in(EVERYTHING)
        with connect(home.build) as build:
            build.execute("create table facts as select range as id, md5(range::varchar) as text from range(30000)")
        home.build_state.write_text("{}", encoding="ascii")
        for number in (1, 2):
            publish_number(home, number)
    return home


@contextlib.contextmanager
def restored(home: Home, path: Path) -> Iterator[bytes]:
    """Afterwards file, seals and build are as before."""
    kept = (path, home.build, home.build_state, seal.seal_path(home.build), seal.seal_path(home.store))
    before = {each: each.read_bytes() for each in kept}
    try:
        yield before[path]
    finally:
        for each, data in before.items():
            each.write_bytes(data)


@pytest.mark.parametrize("damage", [FLIP, CUT])
@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_damage_is_detected_before_use(kind: Kind, damage: str, stored: Home, tmp_path: Path, note: Noted) -> None:
    path, missed = kind.path(stored), 0
    with restored(stored, path) as whole:
        for data in damages(whole, damage, ATTEMPTS, seed=11):
            path.write_bytes(data)
            with restored(stored, path):  # a discarded build comes back
                missed += not kind.detects(stored)
    assert numbers_in(stored, "v000001") == {1}  # the version before can be opened by name all the while
    assert numbers_in(stored) == {2}
    alone = ""
    if kind.read is not None:
        tried, result = size(40, ATTEMPTS), tmp_path / "alone.json"
        done = warm.start(without_checksums, kind.read, str(path), damage, tried, 12, str(result)).end()
        assert done.code == 0, done.said
        outcomes = json.loads(result.read_text(encoding="utf-8"))
        alone = f"without checksums, of {tried}: " + ", ".join(f"{n} {what}" for what, n in sorted(outcomes.items()))
    note("C1" if damage == FLIP else "C2", f"{damage}: {kind.name}", ATTEMPTS, ATTEMPTS - missed, alone)


def test_readers_are_told_what_is_still_good(stored: Home) -> None:
    path = current(stored) / "retention.duckdb"
    with restored(stored, path) as whole:
        path.write_bytes(whole[:-1])
        with pytest.raises(CorruptFileError, match=r"version v000001 is intact"):
            retention_pipeline.connect(stored.root)
        found = [each for each in served.look(stored) if each.state is State.PROBLEM]
        assert "v000002, which cannot be trusted" in found[0].what
        assert "v000001 is intact" in found[0].remedy


def test_missing_files_and_files_too_many_are_seen(stored: Home, note: Noted) -> None:
    folder, seen = current(stored), 0
    paths = sorted(folder.iterdir())
    for path in paths:
        with restored(stored, path):
            path.unlink()
            seen += refuses(lambda: verify_version(folder))
    stranger = folder / "facts_copy.parquet"
    stranger.write_bytes(b"PAR1")
    try:
        found = [each.what for each in served.look(stored) if each.state is State.PROBLEM]
        seen += any("facts_copy.parquet" in what for what in found)
    finally:
        stranger.unlink()
    assert all(each.state is State.OK for each in served.look(stored))
    note("C1", "each file of a version missing; one too many", len(paths) + 1, seen)


def test_comparing_the_store_with_its_seal_costs_little(tmp_path: Path, note: Noted) -> None:
    home = Home(tmp_path / "home")
    with writer_lock(home, run="fill"), connect(home.store) as store:
        rows = size(400_000, 4_000_000)
        store.execute(f"create table t as select range as id, md5(range::varchar) as text from range({rows})")
    megabytes = home.store.stat().st_size / 1e6
    began = time.perf_counter()
    seal.verify_store(home)
    sealed = time.perf_counter() - began
    began = time.perf_counter()
    seal.read_every_block(home.store)
    unsealed = time.perf_counter() - began
    figure = f"{megabytes:.0f} MB: {sealed:.3f} s by its seal, {unsealed:.3f} s block by block after a kill"
    note("C1", "cost of looking at the store before a run", 1, int(sealed < 1 + megabytes / 50), figure)
