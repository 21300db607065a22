"""One backfill of sixty months beside sixty backfills of a month: ``python -m benchmarks.months FOLDER``.

Each run is a process of its own, as it would be on a user's machine; both ways must publish the same content.
The newest month comes first: a first month may hold no record of some source, which a gate refuses.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import track

from retention_pipeline.demo.shop import write_shop

START = dt.date(2021, 1, 1)
MONTHS = 60
CUSTOMERS = 300


def months(count: int) -> list[tuple[dt.date, dt.date]]:
    """The first and the last day of each month from the shop's first day on."""
    firsts = [dt.date(START.year + number // 12, number % 12 + 1, 1) for number in range(count + 1)]
    return [(first, following - dt.timedelta(days=1)) for first, following in itertools.pairwise(firsts)]


def backfill(shop: Path, home: Path, first: dt.date, last: dt.date) -> float:
    """Seconds of one ``retention backfill``, from the start of the process to its end."""
    command = [sys.executable, "-m", "retention_pipeline.cli", "--config", str(shop / "retention.toml")]
    environment = {**os.environ, "RETENTION_HOME": str(home), "RETENTION_ID_KEY": "a key of a measurement"}
    began = time.perf_counter()
    subprocess.run(
        [*command, "backfill", "--from", str(first), "--to", str(last)],
        env=environment,
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - began


def content(home: Path) -> str:
    """The content hash that consumers see."""
    manifest = home / "published" / "current" / "manifest.json"
    return str(json.loads(manifest.read_text(encoding="utf-8"))["content_hash"])


def main() -> None:
    """Print both times and their ratio; exit code 1 where the two ways publish different content."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--months", type=int, default=MONTHS)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    wanted = parser.parse_args()
    shop, spans = wanted.folder / "shop", months(wanted.months)
    write_shop(shop, customers=wanted.customers, days=(spans[-1][1] - START).days + 1, start=START)
    console = Console()
    together = backfill(shop, wanted.folder / "together", spans[0][0], spans[-1][1])
    each = [
        backfill(shop, wanted.folder / "apart", first, last)
        for first, last in track(spans[::-1], "a month at a time", console=console)
    ]
    same = content(wanted.folder / "together") == content(wanted.folder / "apart")
    console.print(f"one backfill of {len(spans)} months: {together:.1f} s")
    console.print(
        f"{len(spans)} backfills of one month: {sum(each):.1f} s in all, median {statistics.median(each):.1f} s,"
        f" {sum(each) / together:.1f} times as long"
    )
    console.print("both publish the same content" if same else "they publish DIFFERENT content")
    sys.exit(not same)


if __name__ == "__main__":
    main()
