"""``retention doctor``: every fault it knows is found, said with what to do, and repaired where that is safe."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from retention_pipeline.cli import doctoring
from retention_pipeline.cli.doctoring import examine
from retention_pipeline.core.errors import BusyError, ExitCode, NothingPublishedError
from retention_pipeline.core.home import Home
from retention_pipeline.core.window import EVERYTHING
from retention_pipeline.doctor.finding import note
from retention_pipeline.warehouse import seal
from retention_pipeline.warehouse.connection import connect
from retention_pipeline.warehouse.lock import writer_lock
from retention_pipeline.warehouse.running import dead_signs
from tests.reliability.shop import FIRST, write_day
from tests.time.small_shop import SmallShop
from tests.warehouse.support import numbers_in, publish_number


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallShop:
    """A home with a filled store, a key, a build file and two versions."""
    monkeypatch.delenv("RETENTION_ID_KEY", raising=False)
    shop = SmallShop(tmp_path / "shop")
    write_day(shop, FIRST)
    home = shop.settings.home
    with writer_lock(home, run="fill"):
        shop.take_in(EVERYTHING)
        home.id_key.write_text("a" * 64 + "\n", encoding="ascii")
        home.id_key.chmod(0o600)
        with connect(home.build) as build:
            build.execute("create table facts as select range as id from range(1000)")
        home.build_state.write_text("{}", encoding="ascii")
        for number in (1, 2):
            publish_number(home, number)
    return shop


def look(shop: SmallShop, *, fix: bool = False) -> tuple[ExitCode, str]:
    """The exit code and what was printed, on one line."""
    text = io.StringIO()
    code = examine(shop.settings, Console(file=text, width=400), fix=fix)
    return code, " ".join(text.getvalue().split())


def test_nothing_is_wrong_with_a_home_in_order(shop: SmallShop) -> None:
    code, said = look(shop)
    assert code == ExitCode.OK, said
    assert "v000002 is served and intact" in said
    assert "as its last writer left it" in said
    assert not {"problem", "note"} & set(said.split())


def lose_the_pointer(home: Home) -> None:
    home.current_pointer.unlink()


def damage_the_pointer(home: Home) -> None:
    home.current_pointer.write_bytes(home.current_pointer.read_bytes()[:-3])


def turn_the_link(home: Home) -> None:
    home.current_link.unlink()
    home.current_link.symlink_to("v000001")


def open_the_key(home: Home) -> None:
    home.id_key.chmod(0o644)


def change_the_store_on_purpose(home: Home) -> None:
    with duckdb.connect(str(home.store)) as store:
        store.execute("create table notes as select 1 as n")


REPAIRED: dict[str, tuple[Callable[[Home], None], ExitCode, str, str]] = {
    "pointer lost": (lose_the_pointer, ExitCode.CORRUPT, "CURRENT is missing or damaged", "names v000002 again"),
    "pointer cut": (damage_the_pointer, ExitCode.CORRUPT, "CURRENT is missing or damaged", "names v000002 again"),
    "link elsewhere": (turn_the_link, ExitCode.INCIDENT_OPEN, "does not lead to v000002", "the link leads to v000002"),
    "key readable": (open_the_key, ExitCode.INCIDENT_OPEN, "has mode 644", "mode 600"),
    "store replaced": (
        change_the_store_on_purpose,
        ExitCode.CORRUPT,
        "not as its last writer left it",
        "counts as it is",
    ),
}


@pytest.mark.parametrize("fault", REPAIRED)
def test_what_is_safe_to_repair_is_repaired(fault: str, shop: SmallShop) -> None:
    spoil, expected, found, done = REPAIRED[fault]
    spoil(shop.settings.home)
    code, said = look(shop)
    assert (code, found in said) == (expected, True), said
    code, said = look(shop, fix=True)
    assert (code, done in said, "repaired" in said) == (ExitCode.OK, True, True), said
    assert look(shop)[0] == ExitCode.OK
    assert numbers_in(shop.settings.home) == {2}
    with writer_lock(shop.settings.home, run="next"):
        pass


def damage_the_version(home: Home) -> None:
    path = home.published / "v000002" / "retention.duckdb"
    path.write_bytes(path.read_bytes()[:-100])


def damage_both_versions(home: Home) -> None:
    damage_the_version(home)
    path = home.published / "v000001" / "facts.parquet"
    path.write_bytes(path.read_bytes()[:-1])


def damage_the_store(home: Home) -> None:
    data = bytearray(home.store.read_bytes())
    for place in range(4096, len(data), 4096):
        data[place] ^= 1
    home.store.write_bytes(bytes(data))


def damage_the_key(home: Home) -> None:
    home.id_key.write_text("short", encoding="ascii")


def lose_the_key(home: Home) -> None:
    home.id_key.unlink()


def add_a_stranger(home: Home) -> None:
    (home.published / "v000002" / "extra.parquet").write_bytes(b"PAR1")


def take_a_place_away(home: Home) -> None:
    home.dagster.write_bytes(b"")


LEFT: dict[str, tuple[Callable[[Home], None], ExitCode, tuple[str, ...]]] = {
    "version": (damage_the_version, ExitCode.CORRUPT, ("v000002, which cannot be trusted", "v000001 is intact")),
    "versions": (damage_both_versions, ExitCode.CORRUPT, ("v000001, which is kept", "no kept version is intact")),
    "store": (damage_the_store, ExitCode.CORRUPT, ("not as its last writer left it", "restore it from a backup")),
    "key": (damage_the_key, ExitCode.CORRUPT, ("does not hold a key", "restore it from a backup")),
    "no key": (lose_the_key, ExitCode.CORRUPT, ("id.key is missing", "every customer looks new")),
    "stranger": (add_a_stranger, ExitCode.INCIDENT_OPEN, ("extra.parquet", "take them away")),
    "place": (take_a_place_away, ExitCode.STORAGE, ("dagster", "check owner, mode and mount")),
}


@pytest.mark.parametrize("fault", LEFT)
def test_what_needs_a_person_is_said_and_left_alone(fault: str, shop: SmallShop) -> None:
    spoil, expected, words = LEFT[fault]
    spoil(shop.settings.home)
    for fix in (False, True):
        code, said = look(shop, fix=fix)
        assert code == expected, said
        assert [word for word in words if word not in said] == [], said


def test_leftovers_of_killed_runs_are_notes_and_go(shop: SmallShop) -> None:
    home = shop.settings.home
    litter = [home.published / ".tmp-run-7", home.build.parent / ".tmp-state.json-1", home.temporary / "spill"]
    for path in litter:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    (home.published / "v000003").mkdir()
    home.build.write_bytes(home.build.read_bytes()[:-5000])
    code, said = look(shop)
    assert code == ExitCode.OK, said
    assert ".tmp-run-7" in said
    assert "build.duckdb differs" in said
    code, said = look(shop, fix=True)
    assert code == ExitCode.OK, said
    assert not [path for path in [*litter, home.published / "v000003", home.build] if path.exists()]
    assert numbers_in(home) == {2}


def test_a_dead_run_is_settled_while_its_sign_of_life_is_there(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the sign nobody can tell at once that the run is dead."""
    home, seen = shop.settings.home, list[str]()
    home.running.mkdir(exist_ok=True)
    (home.running / "0a1b").write_bytes(b"")
    assert [path.name for path in dead_signs(home)] == ["0a1b"]

    def settle() -> str:
        seen.extend(path.name for path in dead_signs(home))
        return "settled"

    monkeypatch.setattr(doctoring, "_runs", lambda _: iter([note("runs", "1 without a process", "settle it", settle)]))
    assert look(shop, fix=True)[0] == ExitCode.OK
    assert seen == ["0a1b"]
    assert dead_signs(home) == []


def test_a_block_of_the_store_that_cannot_be_read_is_no_traceback(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Damaged:
        def execute(self, *_: object) -> None:
            raise duckdb.IOException("Corrupt database file: computed checksum does not match")

    monkeypatch.setattr("retention_pipeline.doctor.deliveries.open_store", lambda *_, **__: nullcontext(Damaged()))
    code, said = look(shop)
    assert code == ExitCode.OK, said
    assert "delivered files" not in said


def test_delivered_files_that_are_gone_are_said(shop: SmallShop) -> None:
    next((shop.folder / "landing").glob("orders_*")).unlink()
    code, said = look(shop)
    assert code == ExitCode.OK
    assert f"1 of 3 delivered files are no longer there: landing/orders_{FIRST}.csv" in said


def test_while_a_run_is_under_way_only_what_is_published_is_looked_at(shop: SmallShop) -> None:
    with writer_lock(shop.settings.home, run="nightly-7"):
        code, said = look(shop)
        assert code == ExitCode.OK
        assert "nightly-7" in said
        assert "v000002 is served and intact" in said
        assert "store" not in said.split()
        with pytest.raises(BusyError, match="nightly-7"):
            look(shop, fix=True)


def test_a_killed_writer_is_named_and_its_store_read_block_by_block(shop: SmallShop) -> None:
    home = shop.settings.home
    with writer_lock(home, run="killed"):
        text, open_seal = home.lock.read_text(), seal.seal_path(home.store).read_bytes()
    home.lock.write_text(text)
    seal.seal_path(home.store).write_bytes(open_seal)
    code, said = look(shop)
    assert code == ExitCode.OK
    assert "the last holder was killed: process" in said
    assert "every block of it can be read" in said
    damage_the_store(home)
    code, said = look(shop, fix=True)
    assert code == ExitCode.CORRUPT
    assert "is damaged" in said


def test_where_nothing_is_yet_nothing_is_made(tmp_path: Path) -> None:
    shop = SmallShop(tmp_path / "shop")
    with pytest.raises(NothingPublishedError, match="start with a run"):
        look(shop)
    assert not shop.settings.home.root.exists()
