"""``python -m benchmarks``: run a benchmark, print its tables, keep its record and its plot.

Belongs here: the command line. Not here: anything it calls.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.contenders import CONTENDERS
from benchmarks.harness import Record, run
from benchmarks.report import plot, text


def main() -> None:
    """Measure, or with --show only print records that were kept."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=main.__doc__)
    parser.add_argument("--orders", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--contenders", nargs="+", choices=list(CONTENDERS), default=list(CONTENDERS))
    parser.add_argument("--folder", type=Path, default=Path(".benchmark"), help="shops and everything made of them")
    parser.add_argument("--show", type=Path, nargs="+", help="records to print and plot instead of measuring")
    parser.add_argument("--record", help="name of the record in the folder, without its ending")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.show:
        record = Record.read(given.show)
    else:
        record = run(given.folder, given.orders, given.repetitions, given.contenders)
        record.write(given.folder / f"{given.record or f'record_{max(given.orders)}'}.json")
    print(text(record))
    plot(record, given.folder / "cost.svg")


if __name__ == "__main__":
    main()
