"""Sixty months in one backfill, in one run, and in sixty backfills of a month: ``python -m benchmarks.months FOLDER``.

Each is a process of its own, as it would be on a user's machine; all three ways must publish the same content.
The newest month comes first: a first month may hold no record of some source, which a gate refuses.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import json
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.measure import run_measured
from retention_pipeline.demo.shop import write_shop

START = dt.date(2021, 1, 1)
MONTHS = 60
CUSTOMERS = 300


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, and of the processor."""

    wall: float
    cpu: float


def months(count: int) -> list[tuple[dt.date, dt.date]]:
    """The first and the last day of each month from the shop's first day on."""
    firsts = [dt.date(START.year + number // 12, number % 12 + 1, 1) for number in range(count + 1)]
    return [(first, following - dt.timedelta(days=1)) for first, following in itertools.pairwise(firsts)]


def command(shop: Path, home: Path, *arguments: str) -> Cost:
    """What one ``retention`` command takes, from the start of the process to its end."""
    home.mkdir(parents=True, exist_ok=True)
    wall, cpu, _ = run_measured(
        [sys.executable, "-m", "retention_pipeline.cli", "--config", str(shop / "retention.toml"), *arguments],
        home.with_suffix(".log"),
        {"RETENTION_HOME": str(home), "RETENTION_ID_KEY": "a key of a measurement"},
    )
    return Cost(wall, cpu)


def content(home: Path) -> str:
    """The content hash that consumers see."""
    manifest = home / "published" / "current" / "manifest.json"
    return str(json.loads(manifest.read_text(encoding="utf-8"))["content_hash"])


def main() -> None:
    """Print what each way takes; exit code 1 where they publish different content."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--months", type=int, default=MONTHS)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    wanted = parser.parse_args()
    shop, spans = wanted.folder / "shop", months(wanted.months)
    write_shop(shop, customers=wanted.customers, days=(spans[-1][1] - START).days + 1, start=START)
    console = Console()
    homes = [wanted.folder / name for name in ("run", "together", "apart")]
    once = command(shop, homes[0], "run")
    together = command(shop, homes[1], "backfill", "--from", str(spans[0][0]), "--to", str(spans[-1][1]))
    each = [
        command(shop, homes[2], "backfill", "--from", str(first), "--to", str(last))
        for first, last in track(spans[::-1], "a month at a time", console=console)
    ]
    apart = Cost(sum(one.wall for one in each), sum(one.cpu for one in each))
    for name, cost in (
        ("one run over everything", once),
        (f"one backfill of {len(spans)} months", together),
        (f"{len(spans)} backfills of one month", apart),
    ):
        console.print(
            f"{name:32} {cost.wall:7.1f} s, {cost.cpu:7.1f} s of CPU,"
            f" {cost.wall / once.wall:5.2f} and {cost.cpu / once.cpu:5.2f} times the run"
        )
    console.print(f"median of a month by itself {statistics.median(one.wall for one in each):.1f} s")
    same = len({content(home) for home in homes}) == 1
    console.print("all publish the same content" if same else "they publish DIFFERENT content")
    sys.exit(not same)


if __name__ == "__main__":
    main()
