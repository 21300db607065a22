"""Past days through the whole pipeline: any order of backfills, kills in between, and a date as it was that night."""

from __future__ import annotations

import datetime as dt
import random
import signal

import pytest

from tests.pipeline.conftest import ShopFolder

CHUNKS = (("2023-01-01", "2023-02-05"), ("2023-02-06", "2023-03-02"), ("2023-03-03", "2023-04-30"))
"""Each holds the end of a month, on which the monthly sources deliver: the gate refuses a source without any row."""
KILLED_AT = ("intake.before_commit:2", "build.before_mark", "publish.before_swap")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_backfills_in_any_order_with_kills_are_one_run_over_everything(
    seed: int, fresh_shop: ShopFolder, published_shop: ShopFolder
) -> None:
    order = random.Random(seed).sample(CHUNKS, len(CHUNKS))
    places = random.Random(seed).sample(KILLED_AT, len(KILLED_AT))
    for (first, last), place in zip(order, places, strict=True):
        killed = fresh_shop.command("backfill", "--from", first, "--to", last, RETENTION_FAILPOINT=f"{place}:kill")
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        done = fresh_shop.command("backfill", "--from", first, "--to", last)
        assert done.returncode == 0, done.stderr
    assert fresh_shop.table_hashes() == published_shop.table_hashes()
    (first, last), again = order[0], fresh_shop.version()
    assert fresh_shop.command("backfill", "--from", first, "--to", last).returncode == 0
    assert fresh_shop.version() == again


@pytest.mark.slow
def test_a_past_date_comes_out_as_it_was_published_that_night(fresh_shop: ShopFolder) -> None:
    """Although a day was corrected and another came late since then."""
    landing = fresh_shop.folder / "landing" / "orders"
    night, corrected, missing = (
        dt.date(2023, 4, 10),
        landing / "orders_2023-03-05.csv",
        landing / "orders_2023-04-08.csv",
    )
    late = missing.read_bytes()
    missing.unlink()
    fresh_shop.run(until=night)
    published, hashes = fresh_shop.version(), fresh_shop.table_hashes()
    header, *rows = corrected.read_text(encoding="utf-8").splitlines()
    corrected.write_text("\n".join([header, *rows[1:]]) + "\n", encoding="utf-8")
    missing.write_bytes(late)
    fresh_shop.run()
    assert fresh_shop.version() != published
    assert fresh_shop.table_hashes() != hashes
    fresh_shop.run(night)
    assert fresh_shop.table_hashes() == hashes
    fresh_shop.run(until=night, rebuild=True)
    assert fresh_shop.table_hashes() == hashes


@pytest.mark.long
def test_what_was_built_from_the_same_inputs_is_kept(shop: ShopFolder) -> None:
    build = shop.settings.home.build
    before = build.stat().st_mtime_ns
    shop.run()
    assert build.stat().st_mtime_ns == before
    shop.run(rebuild=True)
    assert build.stat().st_mtime_ns > before
    assert shop.version() == "v000001"
