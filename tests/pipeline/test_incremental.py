"""Incremental builds through the whole pipeline: the same tables as a rebuild, whatever happened in between."""

from __future__ import annotations

import datetime as dt
import random
import re
import shutil
import signal
from pathlib import Path

import pytest

from retention_pipeline.config import load_settings
from retention_pipeline.defs import inputs
from retention_pipeline.warehouse.connection import connect
from retention_pipeline.warehouse.read import published_manifest
from tests.carrying.nights import tables
from tests.pipeline.conftest import ShopFolder

NIGHT = dt.date(2023, 4, 20)
KILLED_AT = (
    "build.after_change",
    "build.before_mark:3",
    "build.before_mark:5",
    "publish.before_swap",
    "publish.after_swap",
    "build.before_seal",
)
"""Before and after tables of the base are changed, and around the moment the new version is made current."""


@pytest.fixture
def carrying_shop(fresh_shop: ShopFolder) -> ShopFolder:
    """The shop with incremental builds switched on."""
    with fresh_shop.config.open("a", encoding="utf-8") as config:
        config.write("\n[build]\nincremental = true\n")
    return fresh_shop


def build_of(shop: ShopFolder) -> str:
    (row,) = shop.rows(f"select build from _versions where version = '{shop.version()}'")
    return str(row[0])


def assert_as_if_rebuilt(shop: ShopFolder, elsewhere: Path, night: dt.date) -> None:
    """Every table of the build and of the version is what a rebuild from the same store makes of it."""
    shutil.rmtree(elsewhere, ignore_errors=True)
    again = shop.copy(elsewhere, with_home=True)
    again.run(until=night, rebuild=True)
    assert tables(shop.settings.home.build) == tables(again.settings.home.build)
    assert again.version() == shop.version()  # nothing to publish: the content is the same


@pytest.mark.parametrize(
    ("setting", "records", "why_not"),
    [
        ("", 11, "with fewer than 12 order records it takes no longer"),
        ("", 12, None),
        ("incremental = true", 0, None),
        ("incremental = false", 12, "incremental builds are switched off"),
    ],
)
def test_only_large_shops_are_carried_on_unasked(
    setting: str, records: int, why_not: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "retention.toml"
    shop = '[shop]\nname = "A"\ntimezone = "UTC"\ncurrency = "EUR"\n[sources.orders]\npath = "o.csv"\n'
    config.write_text(f"{shop}[build]\n{setting}\n", encoding="utf-8")
    monkeypatch.setattr(inputs, "LARGE", 12)
    with connect(None) as store:
        store.execute(f"create schema raw; create table raw.orders as from range({records})")
        assert inputs.anew_anyway(store, load_settings(config)) == why_not


@pytest.mark.slow
def test_a_night_is_carried_on_from_the_one_before(carrying_shop: ShopFolder, tmp_path: Path) -> None:
    first = carrying_shop.run(until=NIGHT - dt.timedelta(days=1))
    assert "build      full: there was no earlier build" in first
    second = carrying_shop.run(until=NIGHT)
    assert "build      incremental on 2023-04-19" in second, second
    build = published_manifest(carrying_shop.settings.home)["build"]
    assert (build["kind"], build["base"]) == ("incremental", "2023-04-19")
    assert build["tables"]["patched"] > 10
    assert build_of(carrying_shop) == "incremental"
    assert_as_if_rebuilt(carrying_shop, tmp_path / "again", NIGHT)


@pytest.mark.slow
def test_a_changed_configuration_is_built_anew(carrying_shop: ShopFolder) -> None:
    carrying_shop.run(until=NIGHT - dt.timedelta(days=1))
    text = carrying_shop.config.read_text(encoding="utf-8")
    changed = re.sub(r"^response_window_days = \d+", "response_window_days = 29", text, flags=re.MULTILINE)
    assert changed != text
    carrying_shop.config.write_text(changed, encoding="utf-8")
    said = carrying_shop.run(until=NIGHT)
    assert "build      full: the configuration, the program or one of its libraries has changed" in said
    assert build_of(carrying_shop) == "full: the configuration, the program or one of its libraries has changed"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nights_with_all_that_can_happen_are_as_if_rebuilt(
    seed: int, carrying_shop: ShopFolder, tmp_path: Path
) -> None:
    """Files that are missing and come later, days delivered again without some rows, runs that are killed."""
    chance = random.Random(seed)
    landing, held = carrying_shop.folder / "landing" / "orders", tmp_path / "held"
    held.mkdir()
    late = chance.sample(sorted(landing.glob("*2023-0[234]*")), 3)
    for path in late:
        shutil.move(path, held / path.name)
    carrying_shop.run(until=NIGHT)
    kinds = []
    for number in range(1, 7):
        night = NIGHT + dt.timedelta(days=number)
        if late and chance.random() < 0.5:
            shutil.move(held / late[-1].name, late.pop())
        if chance.random() < 0.5:
            again = chance.choice(sorted(landing.glob("*2023-0[1234]*")))
            header, *rows = again.read_text(encoding="utf-8").splitlines()
            again.write_text("\n".join([header, *rows[1:]]) + "\n", encoding="utf-8")
        if chance.random() < 0.5:
            place = chance.choice(KILLED_AT)
            killed = carrying_shop.command("run", "--until", str(night), RETENTION_FAILPOINT=f"{place}:kill")
            assert killed.returncode == -signal.SIGKILL, killed.stderr
        carrying_shop.run(until=night)
        kinds.append(build_of(carrying_shop))
        assert_as_if_rebuilt(carrying_shop, tmp_path / "again", night)
    assert "incremental" in kinds
