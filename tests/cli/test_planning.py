"""``retention plan`` on a store that files were taken into, without a run: what would be refused or warned of."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest
from rich.console import Console

from retention_pipeline.cli import planning
from retention_pipeline.cli.planning import show_plan
from retention_pipeline.core.progress import Silent
from retention_pipeline.core.window import EVERYTHING
from retention_pipeline.defs.raw import take_in
from retention_pipeline.intake import lookahead
from retention_pipeline.intake.delivery import Delivery, address
from retention_pipeline.intake.discover import Found
from retention_pipeline.intake.identity import hash_id
from retention_pipeline.warehouse.erasure.people import Person
from retention_pipeline.warehouse.erasure.steps import begin, ready
from retention_pipeline.warehouse.keys import load_id_key
from retention_pipeline.warehouse.store import open_store
from tests.folder import Folder

CONFIG = """
[shop]
name = "Planned"
timezone = "UTC"
currency = "EUR"
[sources.orders]
path = "orders_{date}.csv"
[sources.tickets]
path = "tickets_{date}.csv"
"""
HEADERS = {"orders": "order_id,customer_id,ordered_at,amount,status", "tickets": "ticket_id,customer_id,opened_at,kind"}


def write(shop: Folder, day: int, *, factor: int = 1, without: str = "") -> None:
    """The files of one day, without one of their columns."""
    date = f"2026-02-{day:02}"
    for name, header in HEADERS.items():
        rows = [header.split(",")]
        for number in range(12):
            amount = f"{(5 + number * number) * factor}.00"
            cells = {"amount": amount, "status": "paid", "kind": "question", "customer_id": f"C{number:03}"}
            cells |= {"order_id": f"{day}0{number}", "ticket_id": f"T{day}0{number}"}
            cells |= dict.fromkeys(("ordered_at", "opened_at"), f"{date}T10:00:00")
            rows.append([cells[column] for column in rows[0]])
        left = [at for at, column in enumerate(rows[0]) if column != without]
        text = "".join(",".join(row[at] for at in left) + "\n" for row in rows)
        (shop.folder / f"{name}_{date}.csv").write_text(text, encoding="utf-8")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Five days, taken in."""
    monkeypatch.setenv("RETENTION_ID_KEY", "a key that only tests use")
    monkeypatch.setenv("RETENTION_RECEIVED_ON", "2026-03-01")
    made = Folder(tmp_path)
    made.config.write_text(CONFIG, encoding="utf-8")
    for day in range(1, 6):
        write(made, day)
    with open_store(made.home) as store:
        take_in(store, made.settings, load_id_key(made.home), EVERYTHING, Silent())
    return made


def plan(shop: Folder) -> str:
    text = io.StringIO()
    show_plan(shop.settings, Console(file=text, width=400), days=None)
    return text.getvalue()


def test_an_ordinary_day_is_neither_refused_nor_warned_of(shop: Folder) -> None:
    write(shop, 6)
    printed = plan(shop)
    assert "orders_2026-02-06.csv" in printed
    assert "refused" not in printed
    assert "warning" not in printed


@pytest.mark.parametrize(("source", "column"), [("orders", "status"), ("tickets", "kind")])
def test_a_column_that_is_gone_is_foreseen_as_a_refusal(shop: Folder, source: str, column: str) -> None:
    write(shop, 6, without=column)
    printed = plan(shop)
    assert (
        f"refused   {source}_2026-02-06.csv: column_gone: the file of 2026-02-05 had a column for {column}" in printed
    )
    assert f'may_lack = ["{column}"] under [sources.{source}]' in printed
    assert printed.count("refused") == 1


def test_another_unit_is_foreseen_as_a_warning(shop: Folder) -> None:
    write(shop, 6, factor=100)
    printed = plan(shop)
    assert "warning   orders: orders_2026-02-06.csv: amount EUR: the median of 12 values is about" in printed
    assert 'comparable_from = "2026-02-06"' in printed


def test_a_file_that_would_be_refused_for_another_unit_is_foreseen(shop: Folder) -> None:
    shop.config.write_text(CONFIG + '[limits]\ndrift = "refuse"\n', encoding="utf-8")
    write(shop, 6, factor=100)
    assert "refused   orders_2026-02-06.csv: unlike_before" in plan(shop)


def test_a_store_without_profiles_is_planned_for_all_the_same(shop: Folder) -> None:
    with open_store(shop.home) as store:
        store.execute("DROP TABLE raw.profiles")
    write(shop, 6, factor=100)
    assert "warning" not in plan(shop)


def test_a_file_that_cannot_be_read_is_foreseen_as_a_refusal(shop: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(found: Found, *rest: str) -> Delivery:
        if found.shown == "orders_2026-02-05.csv":
            raise PermissionError(13, "Permission denied")
        return address(found, *rest)

    monkeypatch.setattr(lookahead, "address", deny)
    printed = plan(shop)
    assert "refused   orders_2026-02-05.csv: unreadable_file: Permission denied" in printed
    assert "nothing new" not in printed
    write(shop, 6)
    assert plan(shop).count("unreadable_file") == 1


def test_orders_of_somebody_who_was_erased_are_no_change(shop: Folder) -> None:
    key = load_id_key(shop.home)
    begin(shop.home, ready(shop.home, key), [Person("C003", hash_id(key, "C003") or "")])
    write(shop, 6)
    assert "11 orders of 11 customers" in plan(shop)
    shop.home.store.unlink()
    assert "66 orders of 11 customers" in plan(shop)


def test_a_day_that_has_begun_in_the_shop_only_is_planned_for(shop: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def today(zone: str = "UTC") -> dt.date:
        asked.append(zone)
        return dt.date(2026, 3, 1)

    monkeypatch.setattr(planning, "received_date", today)
    shop.config.write_text(CONFIG.replace('"UTC"', '"Pacific/Kiritimati"'), encoding="utf-8")
    plan(shop)
    assert asked == ["Pacific/Kiritimati"]


def test_of_a_database_nobody_can_say_that_nothing_is_new(shop: Folder) -> None:
    assert "nothing new" in plan(shop)
    database = '[sources.spend]\ndatabase = "postgresql"\ntable = "shop.spend"\nkind = "snapshot"\n'
    shop.config.write_text(CONFIG + database, encoding="utf-8")
    printed = plan(shop)
    assert "nothing new" not in printed
    assert "what is new in the database a run will tell" in printed
