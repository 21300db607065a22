"""Fault X4 through the whole pipeline: hostile texts in configuration and data come out as the texts they are.

The same run shows what only a run can: that nothing but the published part of the home is open to others.
"""

from __future__ import annotations

import csv
import subprocess
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

import retention_pipeline
from retention_pipeline.cli import running
from tests.intake.test_injection import HOSTILE, csv_text, toml
from tests.pipeline.conftest import ShopFolder

pytestmark = pytest.mark.long

BLANKS = " \t\r\n\u00a0"
TEXTS = [text for text in HOSTILE if text != "null"]


def configuration() -> str:
    tiers = ", ".join(map(toml, TEXTS))
    return f"""
[shop]
name = {toml("</title><script>[/bold]{{ 7 * 7 }}'; drop")}
timezone = "UTC"
currency = "EUR"
grains = ["month"]
segments = ["tier"]
min_cell_size = 1
loyalty_segment = "tier"
loyalty_tiers = [{tiers}]
[sources.orders]
path = {toml("in '[x]/{date}.csv")}
[sources.customers]
path = "customers.csv"
[sources.customers.columns]
tier = {toml(TEXTS[0])}
[alerts]
freshness_days = 0
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> ShopFolder:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "in '[x]").mkdir()
    (folder / "retention.toml").write_text(configuration(), encoding="utf-8")
    header = ("order_id", "customer_id", "ordered_at", "amount")
    for month in (1, 2, 3):
        for day in range(1, 29):
            date = f"2025-{month:02d}-{day:02d}"
            rows = (
                [(f"{text}{date}", f"c{n}{text}", date, "10") for n, text in enumerate(TEXTS)] if day % 9 == 1 else []
            )
            (folder / "in '[x]" / f"{date}.csv").write_bytes(csv_text(header, *rows).encode())
    people = [(f"c{n}{text}", "2024-12-01", text) for n, text in enumerate(TEXTS)]
    (folder / "customers.csv").write_bytes(csv_text(("customer_id", "created_at", TEXTS[0]), *people).encode())
    shop = ShopFolder(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RETENTION_ID_KEY", "a key that only tests use")
        patch.setenv("RETENTION_RECEIVED_ON", "2026-01-01")
        shop.run()
    return shop


def test_every_text_is_published_as_it_was_delivered(hostile: ShopFolder) -> None:
    found = {
        key
        for (key,) in hostile.rows("select distinct segment_key from dim_customer_segment where segment_set = 'tier'")
    }
    assert found == {text.strip(BLANKS) for text in TEXTS}
    assert hostile.rows("select count(*) from fct_customer_period") != [(0,)]


def test_the_page_and_the_table_show_texts_and_run_none(hostile: ShopFolder, tmp_path: Path) -> None:
    page, table = tmp_path / "page.html", tmp_path / "table.csv"
    assert hostile.command("report", "--output", str(page)).returncode == 0
    html = page.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "{{ 7 * 7 }}" in html, "not rendered to 49"
    keys = "select distinct segment_key from dim_customer_segment order by 1"
    assert hostile.command("query", "--format", "csv", "--output", str(table), keys).returncode == 0
    with table.open(encoding="utf-8", newline="") as handle:
        cells = [row[0] for row in csv.reader(handle)]
    assert "'=cmd()" in cells
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    status = hostile.command("status")
    assert status.returncode == 0, status.stderr
    shown = hostile.command("query", keys)
    assert "\x1b[31m" not in shown.stdout
    for text in TEXTS[:3]:
        explained = hostile.command("explain", "customers.start", "--segment", f"tier={text}")
        assert "Traceback" not in explained.stderr


def test_nothing_but_the_published_part_is_open_to_others(hostile: ShopFolder) -> None:
    home = hostile.settings.home
    assert home.root.stat().st_mode & 0o777 == 0o711
    closed = [path for path in home.root.iterdir() if path not in {home.published, home.alive}]
    assert {path.name for path in closed if path.stat().st_mode & 0o077} == set()
    for path in home.published.rglob("*"):
        assert path.is_symlink() or not path.stat().st_mode & 0o022, path


def test_consumers_can_read_and_nothing_else(hostile: ShopFolder) -> None:
    with retention_pipeline.connect(hostile.settings.home.root) as con:
        for statement in ("create table x (y int)", "delete from metric_values", "update _versions set version = 'x'"):
            with pytest.raises(duckdb.Error, match="read-only"):
                con.execute(statement)


def test_the_web_interface_listens_to_this_machine_only(hostile: ShopFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def record(command: list[str], **_: Any) -> AbstractContextManager[SimpleNamespace]:
        asked.extend(command)
        return nullcontext(SimpleNamespace(wait=lambda: 0))

    monkeypatch.setattr(subprocess, "Popen", record)
    assert running.serve(hostile.settings, 3000) == 0
    assert asked[asked.index("-h") + 1] == "127.0.0.1"
