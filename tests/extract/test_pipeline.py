"""From a database to the published version: equal to files, safe to kill, silent about secrets and people."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from retention_pipeline.config import load_settings
from retention_pipeline.core.progress import Silent
from retention_pipeline.core.window import EVERYTHING
from retention_pipeline.defs import raw
from retention_pipeline.warehouse.arrivals import show_deliveries
from retention_pipeline.warehouse.store import open_store
from tests.extract.daily_shop import FIRST, FROM_DATABASE, FROM_FILES, DailyShop
from tests.extract.server import READER_PASSWORD
from tests.extract.shop import DatabaseShop
from tests.pipeline.conftest import ID_KEY, ShopFolder

DAYS = 45
INTAKE = """
import sys
from pathlib import Path
from retention_pipeline.config import load_settings
from retention_pipeline.core.progress import Silent
from retention_pipeline.core.window import EVERYTHING
from retention_pipeline.defs import raw
from retention_pipeline.warehouse.store import open_store
settings = load_settings(Path(sys.argv[1]))
with open_store(settings.home) as store:
    raw.take_in(store, settings, sys.argv[2].encode(), EVERYTHING, Silent())
"""


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_ID_KEY", ID_KEY)


@pytest.fixture(scope="module")
def daily() -> DailyShop:
    return DailyShop(DAYS)


def folder_of(path: Path, config: str) -> ShopFolder:
    path.mkdir()
    (path / "retention.toml").write_text(config, encoding="utf-8")
    return ShopFolder(path)


def take_in(shop: ShopFolder, received: str) -> None:
    """The first step of a run, without the others."""
    settings = load_settings(shop.config)
    with pytest.MonkeyPatch.context() as patch, open_store(settings.home) as store:
        patch.setenv("RETENTION_RECEIVED_ON", received)
        raw.take_in(store, settings, ID_KEY.encode(), EVERYTHING, Silent())


@pytest.mark.long
def test_day_by_day_from_the_database_is_the_same_shop_as_a_file_a_day(
    daily: DailyShop, shop: DatabaseShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nights are read once or twice: at the end the published tables are the same.

    Only ``_freshness`` counts one delivery more: the first reading is a history and an empty day.
    """

    def published(folder: ShopFolder) -> tuple[object, ...]:
        hashes = folder.table_hashes()
        del hashes["_freshness"]
        seen = "select * exclude (deliveries), deliveries - {} from _freshness order by source"
        return hashes, folder.rows(seen.format(1 if folder is from_database else 0))

    from_files = folder_of(tmp_path / "files", FROM_FILES)
    daily.write_files(from_files.folder)
    from_database = folder_of(tmp_path / "database", FROM_DATABASE)
    morning = ""
    for number in range(DAYS):
        morning = daily.apply(number, shop)
        if number < DAYS - 1:
            take_in(from_database, morning)
        if number % 7 == 3:
            take_in(from_database, morning)
    monkeypatch.setenv("RETENTION_RECEIVED_ON", morning)
    from_database.run()
    from_files.run()
    assert published(from_database) == published(from_files)
    middle = FIRST + dt.timedelta(days=25)
    from_database.run(as_of=middle)
    from_files.run(as_of=middle)
    assert published(from_database) == published(from_files)
    through = "select source, data_through from _freshness order by 1"
    assert {str(day) for _, day in from_database.rows(through)} == {str(middle)}


@pytest.mark.long
def test_what_was_known_before_another_mapping_can_still_be_asked(shop: DatabaseShop, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "mapped", FROM_DATABASE)
    for number in range(1, 4):
        shop.order(number, f"2026-01-0{number} 12:00+00", status="odd", ordered=f"2026-01-0{number} 10:00+00")
        take_in(folder, f"2026-01-0{number + 1}")
    folder.config.write_text(FROM_DATABASE + '[sources.orders.status]\nodd = "paid"\n', encoding="utf-8")
    take_in(folder, "2026-01-05")

    def known(as_of: dt.date | None) -> list[tuple[Any, ...]]:
        with open_store(folder.settings.home) as store:
            show_deliveries(store, as_of)
            return store.execute(
                "SELECT order_id, o.status FROM raw.orders o JOIN raw.deliveries d USING (delivery_id)"
                " WHERE d.is_current AND known_date <= coalesce($as_of, known_date) ORDER BY 1",
                {"as_of": as_of},
            ).fetchall()

    assert known(dt.date(2026, 1, 2)) == [("1", "other"), ("2", "other")]
    assert known(dt.date(2026, 1, 3)) == [("1", "other"), ("2", "other"), ("3", "other")]
    assert known(None) == [("1", "paid"), ("2", "paid"), ("3", "paid")]
    take_in(folder, "2026-01-05")
    assert known(None) == [("1", "paid"), ("2", "paid"), ("3", "paid")]


def words_on_disk(folder: Path, words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Files below a folder that hold one of the words, in the bytes as they are."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            found += [(str(path.relative_to(folder)), word) for word in words if word.encode() in content]
    return found


PERSONAL = ("canary-person", "canary-mail", "canary-note")
SECRET = ("s3cret", "odd%40signs", "odd@signs")


@pytest.fixture
def canary(shop: DatabaseShop, daily: DailyShop, tmp_path: Path) -> ShopFolder:
    """A shop in the database with one person whose every trace would be found."""
    for number in range(40):
        daily.apply(number, shop)
    shop.owner.execute(
        "insert into shop.customers values"
        " ('canary-person', 'canary-mail@example.org', '2026-01-05 10:00Z', '2026-01-05 10:00Z', 'DE')"
    )
    shop.owner.execute(
        "insert into shop.orders (order_id, customer_id, ordered_at, status, amount, updated_at, note) values"
        " (1, 'canary-person', '2026-01-05 10:00Z', 'paid', 10, '2026-01-05 10:00Z', 'canary-note')"
    )
    return folder_of(tmp_path / "canary", FROM_DATABASE)


@pytest.mark.long
def test_a_run_leaves_neither_people_nor_secrets_behind_and_survives_a_server_that_is_down(
    canary: ShopFolder, shop: DatabaseShop
) -> None:
    done = canary.command("run", RETENTION_RECEIVED_ON="2026-02-10")
    assert done.returncode == 0, done.stderr
    served = canary.served_bytes()
    shop.server.stop()
    try:
        failed = canary.command("run", RETENTION_RECEIVED_ON="2026-02-11")
    finally:
        shop.server.start()
    assert failed.returncode == 69
    assert "connection refused" in failed.stderr
    assert "still served: v000001, unchanged" in failed.stderr
    assert "Traceback" not in failed.stderr + failed.stdout
    assert canary.served_bytes() == served
    refused = canary.command(
        "run", RETENTION_RECEIVED_ON="2026-02-11", RETENTION_POSTGRES_DSN=shop.server.dsn(password="s3cret-wrong")
    )
    assert refused.returncode == 2
    said = "".join((done.stdout, done.stderr, failed.stdout, failed.stderr, refused.stdout, refused.stderr))
    assert not [word for word in (*PERSONAL, *SECRET, READER_PASSWORD) if word in said]
    assert words_on_disk(canary.folder, PERSONAL + SECRET) == []


OFTEN = {("extract.within_rows", "increment"), ("intake.after_commit", "history")}
KILLS = [
    pytest.param(place, when, marks=[] if (place, when) in OFTEN else [pytest.mark.long])
    for place in (
        "extract.before_rows",
        "extract.within_rows",
        "extract.after_rows",
        "intake.before_commit",
        "intake.after_commit",
    )
    for when in ("history", "increment")
]


@pytest.mark.parametrize(("place", "when"), KILLS)
def test_a_kill_while_reading_loses_nothing_and_leaves_nothing(
    place: str, when: str, daily: DailyShop, shop: DatabaseShop, tmp_path: Path
) -> None:
    killed, untouched = folder_of(tmp_path / "killed", FROM_DATABASE), folder_of(tmp_path / "untouched", FROM_DATABASE)

    def accepted(folder: ShopFolder) -> list[tuple[Any, ...]]:
        with open_store(folder.settings.home, read_only=True) as store:
            return store.execute(
                "SELECT order_id, updated_at, amount, known_date, d.business_date FROM raw.orders o"
                " JOIN raw.deliveries d USING (delivery_id) WHERE d.is_current ORDER BY ALL"
            ).fetchall()

    for number in range(8):
        morning = daily.apply(number, shop)
        if number == 4 and when == "increment":
            take_in(killed, morning)
            take_in(untouched, morning)
    command = [sys.executable, "-c", INTAKE, str(killed.config), ID_KEY]
    surroundings = {**os.environ, "RETENTION_FAILPOINT": f"{place}:kill", "RETENTION_RECEIVED_ON": morning}
    died = subprocess.run(command, env=surroundings, check=False)
    assert died.returncode == -signal.SIGKILL
    for number in (8, 9):  # the shop went on while the pipeline was down
        morning = daily.apply(number, shop)
        take_in(killed, morning)
        take_in(untouched, morning)
    latest = [{row[0]: row[1:3] for row in accepted(folder)} for folder in (killed, untouched)]
    assert latest[0] == latest[1] != {}
    assert words_on_disk(killed.folder, ("@example.org",)) == []


MEASURE = """
import resource, sys, time
from pathlib import Path
from retention_pipeline.config import load_settings
from retention_pipeline.core.progress import Silent
from retention_pipeline.extract.connection import read
from retention_pipeline.extract.relation import describe
from retention_pipeline.extract.stream import Request, stream
settings = load_settings(Path(sys.argv[1]))
source = settings.sources.orders
types = read("x", 600, Silent(), lambda opened: describe(opened, source, "x"))
columns = {"order_id": "text", "customer_id": "text", "amount": "number", "updated_at": "timestamp"}
request = Request(source, "x", types, columns, ["order_id"], "UTC", limit=int(sys.argv[2]))
began = time.perf_counter()
reading = read("x", 600, Silent(), lambda opened: stream(opened, request, Path(sys.argv[3]), "x", Silent()))
print(reading.rows, time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.long
def test_memory_does_not_grow_with_the_rows(shop: DatabaseShop, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "large", FROM_DATABASE)
    shop.owner.execute(
        "insert into shop.orders (order_id, customer_id, ordered_at, status, amount, updated_at)"
        " select n, 'customer-' || n % 100000, timestamptz '2025-01-01Z' + n * interval '20 s', 'paid', n % 9999 / 7.0,"
        " timestamptz '2025-01-01Z' + n * interval '20 s' from generate_series(1, 1000000) n"
    )
    peaks = {}
    for rows in (1000, 1_000_000):
        command = [sys.executable, "-c", MEASURE, str(folder.config), str(rows), str(tmp_path / "rows.csv")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        count, seconds, kilobytes = done.stdout.split()
        assert int(count) == rows
        peaks[rows] = int(kilobytes) / 1024
        measured = f"{rows} rows in {float(seconds):.2f} s, peak {peaks[rows]:.0f} MB"
    assert peaks[1_000_000] < peaks[1000] + 20, measured
