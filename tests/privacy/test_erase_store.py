"""Erasing from the delivery store: what goes, what stays, what adds up, what never comes back."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from retention_pipeline.core.erased import Erased
from retention_pipeline.core.errors import CorruptFileError
from retention_pipeline.intake.identity import hash_id
from retention_pipeline.warehouse.erasure import traces
from retention_pipeline.warehouse.erasure.log import load_log
from retention_pipeline.warehouse.erasure.people import Person, tags_of
from retention_pipeline.warehouse.erasure.steps import begin, find, ready, settle_up
from retention_pipeline.warehouse.erasure.tables import hits_in_tables
from retention_pipeline.warehouse.erasure.traces import Needles, search
from retention_pipeline.warehouse.store import inputs_fingerprint, open_store
from tests.privacy.shop import ADA, ADA_HASH, ENVIRONMENT, KEY, MAIL, NAME, Tiny, ada

CONSERVED = "select count(*) from raw.deliveries where records <> loaded + quarantined + suppressed + erased"
HERS = f"select count(*) from raw.{{}} where customer_id = '{ADA_HASH}'"
TABLES = ("orders", "customers", "feedback", "tickets")


def erase(shop: Tiny, *names: str) -> None:
    begin(shop.home, ready(shop.home, KEY), [ada(*names)])


def fingerprint(shop: Tiny) -> str:
    with open_store(shop.home) as store:
        return inputs_fingerprint(store, shop.settings, dt.date(2024, 4, 30))


def bytes_of_home(shop: Tiny) -> bytes:
    """All but the seals, which the writer lock of a command closes again."""
    found = (path for path in sorted(shop.home.root.rglob("*")) if path.is_file() and path.suffix != ".seal")
    return b"".join(path.read_bytes() for path in found)


def test_a_look_changes_nothing_and_counts_her_rows(stored: Tiny) -> None:
    before = bytes_of_home(stored)
    found = find(stored.home, ready(stored.home, KEY), [ada()])
    assert found.rows == {
        "raw.customers": 1, "raw.feedback": 2, "raw.orders": 4, "raw.quarantine": 1, "raw.tickets": 1,
    }  # fmt: skip
    assert found.orders == ("O0001", "O0002", "O0003", "O0004")
    assert find(stored.home, ready(stored.home, KEY), [ada(MAIL)]).rows["raw.quarantine"] == 2
    assert bytes_of_home(stored) == before


def test_a_look_for_many_says_of_each_what_a_look_for_one_says(stored: Tiny) -> None:
    everybody = [ada(MAIL), *(Person(name, hash_id(KEY, name) or "") for name in ("KUNDE-0001", "KUNDE-0002", "X"))]
    together = find(stored.home, ready(stored.home, KEY), everybody).whose
    for each in everybody:
        alone = find(stored.home, ready(stored.home, KEY), [each])
        assert together.get(each.customer_hash, {}) == alone.rows
    assert together[ADA_HASH]["raw.quarantine"] == 2
    assert together[everybody[1].customer_hash]["raw.quarantine"] == 1  # the record that names Ada, too


def test_the_words_of_a_text_are_found_as_a_plain_search_would_find_them() -> None:
    texts = [ADA, MAIL, NAME, "+49 170 1234567", "KUNDE-4711-AD", "Jürgen Ängström", "Иван Петров", "******"]
    around = ("", " ", "x", "_", "-", "é", "\0", "9")
    for coding, text, before, after in itertools.product(("utf-8", "utf-16-le"), texts, around, around):
        data = b"seen: " + f"{before}{text}{after} {NAME}".encode(coding) + b"\1\2"
        found = set(Needles(Erased(KEY), texts).places(data))
        expected = {
            (at, at + len(one)) for needle in texts for one in [needle.encode(coding)] for at in places(data, one)
        }  # fmt: skip
        within = {one for one in expected if any(o != one and o[0] <= one[0] and one[1] <= o[1] for o in expected)}
        assert found == expected - within, data


def places(data: bytes, needle: bytes) -> list[int]:
    """Where a needle stands in some bytes, not as a part of a longer word."""

    def is_word(position: int) -> bool:
        return 0 <= position < len(data) and (data[position : position + 1].isalnum() or data[position] == ord("_"))

    starts = (at for at in range(len(data)) if data.startswith(needle, at))
    return [at for at in starts if not is_word(at - 1) and not is_word(at + len(needle))]


@pytest.mark.parametrize("coding", ["utf-8", "utf-16-le"])
def test_the_number_of_an_order_is_not_found_within_a_longer_number(coding: str) -> None:
    needles = Needles(Erased(KEY), ["276576", "1732919778", "CO-276576"])
    longer = "22:36:18.276576 1732919778.276575 12:276576 276576:12 0.1732919778 "
    told = 'order 276576. see 276576: 1732919778."276576" CO-276576.5 x:276576 .276576'
    data = f"{longer}{told}".encode(coding)
    found = {data[start:end].decode(coding) for start, end in needles.places(data)}
    assert found == {"276576", "1732919778", "CO-276576"}
    assert needles.overwritten(longer.encode(coding)) == longer.encode(coding)
    assert not any(text in needles.overwritten(data).decode(coding)[len(longer) :] for text in ("276576", "1732919778"))


@pytest.mark.parametrize("block", [1, 7, 64, 1 << 20])
@pytest.mark.parametrize("coding", ["utf-8", "utf-16-le"])
def test_a_file_is_searched_in_blocks_as_if_it_were_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, coding: str
) -> None:
    needles = Needles(Erased(KEY, people=frozenset(tags_of(KEY, [ada()])["people"])), [ADA, NAME, "******", "276576"])
    one = f"{ADA} x{ADA} {NAME}, {ADA_HASH} a{ADA_HASH} 276576 18.276576 ****** {'y' * 150} "
    data = b"".join(f"{'z' * n} {one}".encode(coding) for n in range(30))
    path = tmp_path / "a.log"
    path.write_bytes(data)
    monkeypatch.setattr(traces, "BLOCK", block)
    found = search([path], needles)
    assert (found.files, found.bytes, found.hits) == (1, len(data), sum(1 for _ in needles.places(data)))
    assert found.hits >= 30 * 4


def test_what_machines_read_is_made_again_and_not_overwritten(stored: Tiny) -> None:
    stored.home.dbt_target.mkdir()
    (stored.home.dbt_target / "manifest.json").write_text(json.dumps({"generated_at": ADA_HASH}), encoding="utf-8")
    erase(stored)
    assert not stored.home.dbt_target.exists()


def test_files_that_are_not_of_the_product_stay_as_they_are(stored: Tiny) -> None:
    home = stored.home
    delivered = home.root / "landing" / "orders.csv"
    ours = [home.dagster / "logs" / "a.log", home.alive, home.root / ".tmp-alive.json-1", home.running / "r"]
    for path in (delivered, *ours):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"customer {ADA}\n", encoding="utf-8")
    erase(stored)
    assert delivered.read_text(encoding="utf-8") == f"customer {ADA}\n"
    assert [path for path in ours if ADA in path.read_text(encoding="utf-8")] == []
    searched = settle_up(stored.log)
    assert searched is not None
    assert searched.hits == 0


def test_a_search_costs_what_the_data_costs_however_many_are_looked_for() -> None:
    data = b"".join(b"2026-01-01 INFO  step %d of raw_orders, K-%d, took 0.1 s\n" % (n, n) for n in range(20_000))

    def seconds(count: int) -> float:
        needles = Needles(Erased(KEY), [f"KUNDE-{number:06}" for number in range(count)])
        began = time.process_time()
        assert list(needles.places(data)) == []
        return time.process_time() - began

    few = min(seconds(10) for _ in range(3))
    assert min(seconds(10_000) for _ in range(3)) < 3 * few


def test_her_rows_go_and_all_others_stay(stored: Tiny) -> None:
    others = {name: stored.count(f"select count(*) from raw.{name}") for name in TABLES}
    erase(stored, MAIL, NAME)
    lost = {"orders": 4, "customers": 1, "feedback": 2, "tickets": 1}
    for name in TABLES:
        assert stored.count(HERS.format(name)) == 0
        assert stored.count(f"select count(*) from raw.{name}") == others[name] - lost[name]
    kept = stored.count("select count(*) from raw.quarantine where record like '%OX3%'")
    assert (stored.count("select count(*) from raw.quarantine"), kept) == (1, 1)
    assert stored.count(CONSERVED) == 0
    assert stored.count("select sum(erased) from raw.deliveries") == 10


def test_not_a_byte_of_her_is_left(stored: Tiny) -> None:
    needles = [ADA.encode(), ADA_HASH.encode(), MAIL.encode()]
    assert any(needle in bytes_of_home(stored) for needle in needles)
    erase(stored, MAIL)
    content = bytes_of_home(stored)
    assert [needle for needle in needles if needle in content] == []
    assert hits_in_tables(stored.home, stored.log.erased) == 0


def test_deleting_alone_would_leave_her_in_free_blocks(stored: Tiny) -> None:
    """Why the store is written anew: the test above would fail without it."""
    with open_store(stored.home) as store:
        store.execute(f"delete from raw.orders where customer_id = '{ADA_HASH}'")
        store.execute("checkpoint")
    for name in ("customers", "feedback", "tickets", "quarantine"):
        with open_store(stored.home) as store:
            store.execute(f"drop table raw.{name}")
    assert ADA_HASH.encode() in stored.home.store.read_bytes()


def test_the_log_names_nobody_and_can_be_read_by_its_owner_only(stored: Tiny) -> None:
    erase(stored, MAIL, NAME)
    text = stored.home.erasures.read_text(encoding="utf-8")
    assert all(each not in text for each in (ADA, ADA_HASH, MAIL, NAME, "O0001"))
    assert stored.home.erasures.stat().st_mode & 0o777 == 0o600
    assert stored.home.store.stat().st_mode & 0o777 == 0o600


def test_inputs_without_her_are_other_inputs(stored: Tiny) -> None:
    before = fingerprint(stored)
    assert fingerprint(stored) == before
    erase(stored)
    assert fingerprint(stored) != before


@pytest.mark.parametrize("change", ["same files", "corrected file", "other mapping", "other home"])
def test_what_is_delivered_again_does_not_bring_her_back(stored: Tiny, change: str) -> None:
    erase(stored, MAIL)
    if change == "corrected file":
        for path in (stored.folder / "landing").iterdir():
            path.write_text(path.read_text(encoding="utf-8").replace("2024-02-", "2024-03-"), encoding="utf-8")
    elif change == "other mapping":
        text = stored.config.read_text(encoding="utf-8")
        stored.config.write_text(text.replace('timezone = "UTC"', 'timezone = "Europe/Paris"'), encoding="utf-8")
    elif change == "other home":
        stored.home.store.unlink()
    stored.take_in()
    for name in TABLES:
        assert stored.count(HERS.format(name)) == 0
    assert stored.count("select count(*) from raw.feedback where order_id = 'O0002'") == 0
    assert stored.count(f"select count(*) from raw.quarantine where record like '%{MAIL}%'") == 0
    assert stored.count(f"select count(*) from raw.quarantine where record like '%{ADA_HASH}%'") == 0
    assert stored.count(CONSERVED) == 0
    is_new = "is_current and sequence > 1" if change != "other home" else "is_current"
    assert change == "same files" or stored.count(f"select sum(erased) from raw.deliveries where {is_new}") == 10


@pytest.mark.parametrize("is_before", [True, False])
def test_an_order_of_hers_that_comes_again_as_a_guests_is_still_hers(stored: Tiny, is_before: bool) -> None:
    path = stored.folder / "landing" / "orders.csv"
    text = path.read_text(encoding="utf-8")
    guests = text.replace(f"O0002,{ADA},", "O0002,,").replace("O0011,KUNDE-0001,", "O0011,,")
    assert guests.count(",,") == 2
    if not is_before:
        erase(stored)
    path.write_text(guests, encoding="utf-8")
    stored.take_in()
    if is_before:
        erase(stored)
    assert stored.count("select count(*) from raw.orders where order_id = 'O0002'") == 0
    assert stored.count("select count(*) from raw.orders where order_id = 'O0011' and customer_id is null") == 1
    assert stored.count(CONSERVED) == 0


def test_a_guests_order_from_a_backup_goes_again_too(stored: Tiny) -> None:
    path = stored.folder / "landing" / "orders.csv"
    text = path.read_text(encoding="utf-8")
    erase(stored)
    log = stored.home.erasures.read_bytes()
    for place in (stored.home.store, stored.home.erasures):
        place.unlink()
    path.write_text(text.replace(f"O0002,{ADA},", "O0002,,"), encoding="utf-8")
    stored.take_in()
    assert stored.count("select count(*) from raw.orders where order_id = 'O0002'") == 1
    stored.home.erasures.write_bytes(log)
    ready(stored.home, KEY)
    assert stored.count("select count(*) from raw.orders where order_id = 'O0002'") == 0


def test_a_store_from_a_backup_is_erased_again_before_it_is_used(stored: Tiny, tmp_path: Path) -> None:
    backup = shutil.copy(stored.home.store, tmp_path / "backup")
    erase(stored)
    shutil.copy(backup, stored.home.store)
    assert stored.count(HERS.format("orders")) == 4
    stored.take_in()
    assert stored.count(HERS.format("orders")) == 0


def test_an_order_that_became_hers_goes_with_its_past(stored: Tiny) -> None:
    """Its earlier version would otherwise count again, as somebody else's."""
    path = stored.folder / "landing" / "orders.csv"
    text = path.read_text(encoding="utf-8").replace("order_id,", "updated_at,order_id,", 1)
    lines = [text.splitlines()[0], *(f"2024-05-01T00:00:00,{line}" for line in text.splitlines()[1:])]
    merged = [line.replace(",KUNDE-0001,", f",{ADA},") if ",O0014," in line else line for line in lines]
    assert merged != lines
    path.write_text("\n".join(merged) + "\n", encoding="utf-8")
    stored.take_in()
    erase(stored)
    assert stored.count("select count(*) from raw.orders where order_id = 'O0014'") == 0
    assert stored.count("select count(*) from raw.orders where order_id = 'O0011'") == 2


def test_where_nothing_is_published_the_erasure_is_done_at_once(stored: Tiny) -> None:
    erase(stored)
    searched = settle_up(load_log(stored.home, KEY))
    assert searched is not None
    assert searched.hits == 0
    assert searched.bytes > 100_000
    assert stored.log.unfinished == []


def test_a_log_that_was_changed_is_refused(stored: Tiny) -> None:
    erase(stored)
    whole = stored.home.erasures.read_text(encoding="utf-8")
    lines = whole.splitlines(keepends=True)
    for damaged in (whole.replace("raw.orders", "raw.order5"), "".join(lines[1:]), lines[0] + lines[0], "x\n" + whole):
        stored.home.erasures.write_text(damaged, encoding="utf-8")
        with pytest.raises(CorruptFileError, match="is not what was written"):
            load_log(stored.home, KEY)
    stored.home.erasures.write_text(whole, encoding="utf-8")
    with pytest.raises(CorruptFileError):
        load_log(stored.home, b"another key")


def test_a_log_that_was_lost_stops_the_run(stored: Tiny) -> None:
    erase(stored)
    stored.home.erasures.unlink()
    with pytest.raises(CorruptFileError, match="knows 0 erasures, the delivery store 1"):
        stored.take_in()


KILLED = """
from pathlib import Path
from tests.privacy.shop import KEY, Tiny, ada
from retention_pipeline.warehouse.erasure import traces
from retention_pipeline.warehouse.erasure.people import Person, tags_of
from retention_pipeline.warehouse.erasure.steps import begin, ready
shop = Tiny(Path({folder!r}))
begin(shop.home, ready(shop.home, KEY), [ada({mail!r})])
"""


PLACES = ("erase.after_begun", "erase.after_scrub", "erase.before_store", "erase.after_store", "erase.after_removed")


@pytest.mark.parametrize("place", [pytest.param(place, marks=pytest.mark.long) for place in PLACES])
def test_killed_anywhere_the_next_run_erases_her(stored: Tiny, place: str) -> None:
    trace = stored.home.dagster / "some.log"
    trace.parent.mkdir(parents=True)
    trace.write_text(f"customer {ADA_HASH}\n", encoding="utf-8")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED.format(folder=str(stored.folder), mail=MAIL)],
        env={**os.environ, **ENVIRONMENT, "RETENTION_FAILPOINT": f"{place}:kill"}, check=False,
    )  # fmt: skip
    assert killed.returncode == -9
    stored.take_in()
    assert settle_up(stored.log) is not None
    content = bytes_of_home(stored)
    assert ADA_HASH.encode() not in content
    assert MAIL.encode() not in content
    assert stored.count(CONSERVED) == 0
    assert [each.sequence for each in stored.log.erasures if each.done] == [1]


def test_every_failpoint_of_an_erasure_is_killed_at() -> None:
    package = Path(__file__).parents[2] / "retention_pipeline"
    named = {
        name for path in package.rglob("*.py")
        for name in re.findall(r'failpoint\("(erase\.[a-z_]+)"\)', path.read_text(encoding="utf-8"))
    }  # fmt: skip
    killed = {*PLACES, "erase.before_withdrawal", "erase.after_done"}  # these by test_erase_emptied, test_erase_command
    assert named == killed
