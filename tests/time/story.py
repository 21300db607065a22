"""Nights of a shop in which things go wrong, told as they happen; ``python -m tests.time.story FOLDER`` tells thirty.

Planted: a day that is missing and comes two nights later, a day that is delivered again with corrections, a night that
fails at a broken file, a backfill of older days in between, and whatever late rows the simulated shop brings by itself.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from retention_pipeline.cli.running import Wanted, run_job
from retention_pipeline.cli.tables import print_table
from retention_pipeline.demo.shop import write_shop
from retention_pipeline.warehouse.read import published_manifest
from tests.time.nights import Nights, scheduler

START = dt.date(2023, 1, 1)
BEFORE = 90
"""Days delivered before the first night, but for the two weeks that are filled in later."""
GAP = (START + dt.timedelta(days=20), START + dt.timedelta(days=33))


@dataclass(frozen=True)
class Chapter:
    """One night, and what consumers saw the morning after."""

    day: dt.date
    happened: str
    status: str
    version: str
    as_of: str
    through: str
    restated: int
    seconds: float


@dataclass
class Story:
    """The nights so far."""

    shop: Nights
    chapters: list[Chapter] = field(default_factory=list)

    def tell(self, day: dt.date, happened: str, status: str, began: float) -> None:
        manifest = self.shop.manifest()
        version = manifest["version"]
        is_new = version not in {each.version for each in self.chapters}
        (count,) = self.shop.rows(f"select count(*) from metric_restatements where version = '{version}'")
        through = str(manifest["data_through"]["orders"])
        seconds = time.perf_counter() - began
        restated = int(count[0]) if is_new else 0
        self.chapters.append(Chapter(day, happened, status, version, manifest["as_of"], through, restated, seconds))


def play(folder: Path, nights: int, customers: int = 150) -> Story:
    """Let the scheduler run these nights; what is planted lies in the first nine of them."""
    write_shop(folder, customers=customers, days=BEFORE + nights + 1)
    shop = Nights(folder)
    story = Story(shop)
    for number in range(BEFORE):
        day = START + dt.timedelta(days=number)
        if not GAP[0] <= day <= GAP[1]:
            shop.bring_day(day)
    shop.bring("*/*s.csv", "spend/*", "fx_rates/*")
    first = START + dt.timedelta(days=BEFORE)
    with scheduler(shop, first) as daemon:
        for number in range(nights):
            day = first + dt.timedelta(days=number)
            began = time.perf_counter()
            happened = _plant(shop, number, day)
            run = daemon.night(day)
            story.tell(day, happened, run.status.value, began)
            if number == 6:
                began = time.perf_counter()
                for step in range((GAP[1] - GAP[0]).days + 1):
                    shop.bring_day(GAP[0] + dt.timedelta(days=step))
                run_job(shop.settings, Wanted(days=GAP), Console(file=open(os.devnull, "w")))  # noqa: SIM115, PTH123
                story.tell(day, f"backfill of {GAP[0]} to {GAP[1]}", "SUCCESS", began)
    return story


def _plant(shop: Nights, number: int, day: dt.date) -> str:
    if number == 1:
        return "the files of the day do not come"
    if number == 3:
        shop.bring_day(day)
        shop.bring_day(day - dt.timedelta(days=2))
        return "the missing files come, two nights late"
    if number == 4:
        shop.bring_day(day)
        (path,) = shop.bring(f"orders/*_{day - dt.timedelta(days=40)}.csv")
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([lines[0], *lines[2:]]) + "\n", encoding="utf-8")
        return f"{path.name} comes again without its first order"
    if number == 5:
        for path in shop.bring_day(day):
            if path.parent.name == "orders":
                path.write_bytes(b"")
        return "the orders file is empty of bytes: the night fails"
    shop.bring_day(day)
    if number == 6:
        shop.bring_day(day - dt.timedelta(days=1))
        return "the broken file is replaced"
    return ""


def one_shot(story: Story, folder: Path) -> str:
    """The content hash of a fresh home that takes in the same landing place at once."""
    os.environ["RETENTION_HOME"] = str(folder)
    try:
        run_job(story.shop.settings, Wanted(), Console(file=open(os.devnull, "w")))  # noqa: SIM115, PTH123
        return str(published_manifest(story.shop.settings.home)["content_hash"])
    finally:
        del os.environ["RETENTION_HOME"]


def main() -> None:
    folder = Path(sys.argv[1])
    os.environ.setdefault("RETENTION_ID_KEY", "the key of a story")
    story = play(folder / "shop", 30)
    console = Console(width=160)
    heads = ("day", "what happened", "run", "version", "as of", "orders through", "cells restated", "s")
    rows = [tuple(vars(chapter).values()) for chapter in story.chapters]
    print_table(console, heads, rows)
    print_table(
        console,
        ("as of", "cause", "cells"),
        story.shop.rows("select as_of, cause, count(*) from metric_restatements group by all order by all"),
        title="\nthe ledger",
    )
    same = one_shot(story, folder / "once") == story.shop.manifest()["content_hash"]
    console.print(f"\na fresh home given the same files at once publishes {'the same' if same else 'OTHER'} content")
    sys.exit(not same)


if __name__ == "__main__":
    main()
