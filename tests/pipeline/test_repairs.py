"""A repaired record, from the quarantine to the published numbers and their ledger."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.pipeline.conftest import ShopFolder

pytestmark = pytest.mark.long

CONFIG = """
[shop]
name = "Small"
timezone = "UTC"
currency = "EUR"
grains = ["month"]
[sources.orders]
path = "landing/orders_{date}.csv"
[sources.spend]
path = "landing/spend.csv"
[alerts]
freshness_days = 0
"""
HEADER = "order_id,customer_id,ordered_at,amount"


@pytest.fixture
def shop(tmp_path: Path) -> ShopFolder:
    (tmp_path / "landing").mkdir()
    (tmp_path / "retention.toml").write_text(CONFIG, encoding="utf-8")
    for day in range(1, 31):
        rows = [f"o{day}-{n},c{n},2025-06-{day:02d}T10:00:00,10.00" for n in range(6)]
        if day == 15:
            rows.append("bad,secret@example.org,2025-06-15T10:00:00,1e2")
        if day == 16:
            rows.append(",ragged")
        path = tmp_path / "landing" / f"orders_2025-06-{day:02d}.csv"
        path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    for day in range(1, 4):
        path = tmp_path / "landing" / f"orders_2025-07-{day:02d}.csv"
        path.write_text(f"{HEADER}\nq{day},c1,2025-07-{day:02d}T10:00:00,10.00\n", encoding="utf-8")
    spent = ["2025-06-15,acquisition,ads,302.00", "2025-06-15,acquisition,ads,x"]
    (tmp_path / "landing" / "spend.csv").write_text("\n".join(["spent_at,kind,channel,amount", *spent]) + "\n")
    return ShopFolder(tmp_path)


def quarantine(shop: ShopFolder, *arguments: str, code: int = 0) -> str:
    done = shop.command("quarantine", *arguments)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def revenue(shop: ShopFolder) -> float:
    ((value,),) = shop.rows(
        "select distinct value from metric_values where metric = 'revenue' and variant = 'gross' and grain = 'month'"
        " and period_start = date '2025-06-01' and segment_set = 'all'"
    )
    return float(value)


def write_amount(file: Path, wrong: str, right: str) -> None:
    with file.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    next(row for row in rows if row["amount"] == wrong)["amount"] = right
    with file.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def spend(shop: ShopFolder) -> float:
    ((value,),) = shop.rows(
        "select distinct value from metric_values where metric = 'spend' and variant = 'acquisition'"
        " and grain = 'month' and period_start = date '2025-06-01' and segment_set = 'all'"
    )
    return float(value)


def test_a_repair_is_published_with_its_cause_survives_a_rebuild_and_can_be_undone(
    shop: ShopFolder, tmp_path: Path
) -> None:
    shop.run()
    assert (revenue(shop), spend(shop)) == (1800, 302)
    listed = quarantine(shop, "list")
    assert "number_in_scientific_notation" in listed
    assert "secret@example.org" not in listed + quarantine(shop, "show")

    file = tmp_path / "repair.csv"
    quarantine(shop, "show", "--source", "orders", "--csv", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"secret@example.org" not in file.read_bytes()
    assert "cannot be written" in quarantine(shop, "show", "--source", "orders", "--csv", str(file), code=2)
    write_amount(file, "1e2", "100.00")
    assert "1 records would be taken in" in quarantine(shop, "replay", "--check", str(file))
    done = quarantine(shop, "replay", str(file))
    assert "1 records taken in, 0 were before, 1 are unchanged" in done
    assert "0 records taken in, 1 were before" in quarantine(shop, "replay", str(file))
    spent = tmp_path / "spent.csv"
    quarantine(shop, "show", "--source", "spend", "--csv", str(spent))
    write_amount(spent, "x", "7.00")
    assert "1 records taken in" in quarantine(shop, "replay", str(spent))
    assert "that a run would publish: 2" in shop.command("plan").stdout
    shop.run()
    assert (revenue(shop), spend(shop)) == (1900, 309)
    repaired = shop.version()
    named = shop.rows(
        "select distinct r.causes, d.path from metric_restatements r, _deliveries d"
        f" where r.version = '{repaired}' and list_contains(r.delivery_ids, d.delivery_id)"
    )
    assert set(named) == {
        ("repair", "landing/orders_2025-06-15.csv (repair)"), ("repair", "landing/spend.csv (repair)"),
    }  # fmt: skip
    hash_before = shop.content_hash()

    shop.run(rebuild=True)
    assert shop.content_hash() == hash_before
    assert shop.version() == repaired

    name = done.split("repair ")[1].split(";")[0]
    assert "no repair that counts" in quarantine(shop, "undo", "0" * 16, code=3)
    quarantine(shop, "undo", name)
    shop.run()
    assert revenue(shop) == 1800
    assert {
        row[0] for row in shop.rows(f"select causes from metric_restatements where version = '{shop.version()}'")
    } == {"repair"}
