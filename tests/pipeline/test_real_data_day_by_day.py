"""Online Retail delivered one trading day at a time, and backfilled in random order: the same as its single file."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import random
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from retention_pipeline.cli.running import Wanted, run_job
from retention_pipeline.config import Settings, load_settings
from retention_pipeline.core.progress import Silent
from retention_pipeline.core.window import Window
from retention_pipeline.defs.raw import take_in
from retention_pipeline.warehouse.keys import load_id_key
from retention_pipeline.warehouse.read import published_manifest
from retention_pipeline.warehouse.store import open_store
from tests.oracle import real_data

LINES = real_data.DATA / "online_retail" / "order_lines.parquet"
TRADING_DAYS = 305
SAYS_HOW_IT_WAS_DELIVERED = {"_freshness"}

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not LINES.exists(), reason=real_data.ABSENT),
]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dt.date]]:
    """One Parquet file a trading day."""
    folder = tmp_path_factory.mktemp("landing")
    with duckdb.connect() as connection:
        lines = f"select *, cast(invoice_ts as date) as day from read_parquet('{LINES}')"
        found = [day for (day,) in connection.execute(f"select distinct day from ({lines}) order by 1").fetchall()]
        connection.execute(f"create table lines as {lines}")
        for day in found:
            select = f"select * exclude (day) from lines where day = date '{day}'"
            connection.execute(f"copy ({select}) to '{folder}/lines_{day}.parquet' (format parquet)")
    assert len(found) == TRADING_DAYS
    return folder, found


def shop(home: Path, landing: Path | None = None) -> Settings:
    """The example's shop; with ``landing`` its orders come as one file a day."""
    text = real_data.example("online_retail").read_text(encoding="utf-8")
    text = text.replace('"../../shared/data/online_retail/order_lines.parquet"', f'"{LINES}"')
    if landing is not None:
        text = text.replace(f'path = "{LINES}"', f'path = "{landing}/lines_{{date}}.parquet"\ncadence = "irregular"', 1)
    home.mkdir(parents=True)
    config = home / "retention.toml"
    config.write_text(text, encoding="utf-8")
    return load_settings(config)


def finish(settings: Settings) -> dict[str, str]:
    """Run the whole pipeline; the content of every table that does not say how the shop was delivered."""
    run_job(settings, Wanted(), Console(file=io.StringIO(), width=120))
    tables = published_manifest(settings.home)["tables"]
    return {
        name: table["content_hash"]
        for name, table in tables.items()
        if table["counts_for_content"] and name not in SAYS_HOW_IT_WAS_DELIVERED
    }


def take(settings: Settings, windows: Iterable[Window]) -> None:
    """What the first step of a run over each of these windows does."""
    settings.home_dir.mkdir(parents=True, exist_ok=True)
    key = load_id_key(settings.home)
    for window in windows:
        with open_store(settings.home) as store:
            take_in(store, settings, key, window, Silent())


@pytest.mark.slow
def test_every_way_of_delivery_comes_to_the_same_tables(
    days: tuple[Path, list[dt.date]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETENTION_ID_KEY", "a key that only tests use")
    landing, dates = days
    once = finish(shop(tmp_path / "once"))
    nightly = shop(tmp_path / "nightly", landing)
    take(nightly, (Window(last=day) for day in dates))
    assert finish(nightly) == once
    shuffled = shop(tmp_path / "shuffled", landing)
    borders = [0, *sorted(random.Random(7).sample(range(1, len(dates)), 20)), len(dates)]
    chunks = [dates[first:last] for first, last in itertools.pairwise(borders)]
    random.Random(11).shuffle(chunks)
    take(shuffled, (Window(chunk[0], chunk[-1], is_history=True) for chunk in chunks))
    assert finish(shuffled) == once
    assert len(once) > 20
