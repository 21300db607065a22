"""``retention plan``: what the next run would take in and change, and that looking changes nothing."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from rich.console import Console

from retention_pipeline.cli.planning import show_plan
from retention_pipeline.core.errors import ConfigError
from retention_pipeline.warehouse.files import sha256_file
from tests.pipeline.conftest import ShopFolder
from tests.pipeline.test_command import invoke


def plan(shop: ShopFolder, days: tuple[dt.date, dt.date] | None = None) -> str:
    text = io.StringIO()
    show_plan(shop.settings, Console(file=text, width=160), days=days)
    return text.getvalue()


def counts(printed: str, source: str) -> list[int]:
    """New, replaced, unchanged, missing."""
    (line,) = re.findall(rf"^{source} +(.*) MB *$", printed, flags=re.MULTILINE)
    return [int(cell) for cell in line.split()[:4]]


def line_of(printed: str, label: str) -> str:
    (line,) = re.findall(rf"^ +{label} +(\d.*)$", printed, flags=re.MULTILINE)
    return str(line).strip()


def test_a_shop_that_never_ran_has_everything_before_it(fresh_shop: ShopFolder) -> None:
    printed = plan(fresh_shop)
    assert counts(printed, "orders") == [120, 0, 0, 0]
    assert line_of(printed, "months").startswith("4 ")
    assert "2023-01, 2023-02, 2023-03, 2023-04" in line_of(printed, "months")
    assert "the first run will tell the rest" in printed
    assert not fresh_shop.settings.home.store.exists()


def test_after_a_run_there_is_nothing_to_do(shop: ShopFolder) -> None:
    printed = plan(shop)
    assert counts(printed, "orders") == [0, 0, 120, 0]
    assert "nothing new" in printed


def test_a_corrected_a_late_and_a_missing_day_are_told_apart(shop: ShopFolder) -> None:
    landing = shop.folder / "landing" / "orders"
    header, *rows = (landing / "orders_2023-02-10.csv").read_text(encoding="utf-8").splitlines()
    (landing / "orders_2023-02-10.csv").write_text("\n".join([header, *rows[1:]]) + "\n", encoding="utf-8")
    late = rows[0].replace(rows[0].split(",")[0], "LATE1", 1).replace("2023-02-10", "2023-03-05")
    (landing / "orders_2023-05-02.csv").write_text(f"{header}\n{late}\n", encoding="utf-8")
    before = sha256_file(shop.settings.home.store)
    printed = plan(shop)
    assert counts(printed, "orders") == [1, 1, 119, 1]
    assert "missing   orders: 2023-05-01" in printed
    assert "orders_2023-02-10.csv" in printed
    assert re.search(r"changes +2 orders", printed)
    assert line_of(printed, "months") == "2   2023-02, 2023-03"
    assert re.search(r"rebuilding, checking and publishing about \d+ s \(as for v000001\)", printed)
    assert sha256_file(shop.settings.home.store) == before
    assert counts(plan(shop, (dt.date(2023, 5, 1), dt.date(2023, 5, 2))), "orders") == [1, 0, 0, 1]


def test_a_delivery_unlike_those_before_is_foreseen(shop: ShopFolder) -> None:
    landing = shop.folder / "landing" / "orders"
    source = shop.settings.sources.configured()["orders"]
    header, *rows = max(landing.iterdir()).read_text(encoding="utf-8").splitlines()
    at = header.split(",").index(source.columns.get("amount", "amount"))
    cells = [row.split(",") for row in rows * 12]
    cents = [",".join([*row[:at], f"{float(row[at]) * 100:.2f}", *row[at + 1 :]]) for row in cells]
    numbered = [f"X{number}{line[line.index(',') :]}" for number, line in enumerate(cents)]
    (landing / "orders_2023-05-01.csv").write_text("\n".join([header, *numbered]) + "\n", encoding="utf-8")
    printed = " ".join(plan(shop).split())
    assert "warning orders: landing/orders/orders_2023-05-01.csv: amount EUR: the median" in printed
    assert 'comparable_from = "2023-05-01"' in printed


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("backfill", "--from", "2023-01-01"), "--from and --to"),
        (("backfill", "--from", "2023-02-01", "--to", "2023-01-01"), "lies after"),
        (("plan", "--from", "yesterday", "--to", "2023-01-01"), "is not a date"),
    ],
)
def test_days_that_make_no_sense_are_explained(arguments: tuple[str, ...], word: str, shop: ShopFolder) -> None:
    with pytest.raises(ConfigError, match=word) as error:
        invoke(shop, *arguments)
    assert error.value.exit_code == 2
