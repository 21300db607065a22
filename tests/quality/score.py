"""How much damage the checks notice, as a table: ``python -m tests.quality.score [--columns]``.

Belongs here: judging and counting. Not here: the damage (``seeded``, ``operators``), asking (``bench``).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from retention_pipeline.quality.suites import STAGES
from tests.quality.bench import Bench, suite_of, suites_of
from tests.quality.operators import Damage, damages_of_columns, damages_of_metrics, damages_of_rows
from tests.quality.seeded import CORRUPTIONS, FAMILY_TABLES, LONG, Corruption
from tests.quality.shop import make_shop

_FIRST_COPY = "the first copy of what was delivered, and plausible: nothing else holds the figure to compare it with"
SURVIVORS = {
    ("fx rate inverted", "raw.fx_rates"): _FIRST_COPY,
    ("times a hundred", "raw.benchmarks"): _FIRST_COPY,
}
"""Seeded corruptions that nobody notices, with the reason."""


class Verdict(NamedTuple):
    """What notices a corruption: checks of the table's own suite, else tests of dbt, else other suites of the stage."""

    corruption: Corruption
    rows_changed: int
    noticed_by: tuple[str, ...]


def judge(bench: Bench, corruption: Corruption) -> Verdict:
    """Do the damage and ask the checks of its stage; what later stages would say does not count."""
    table, stage = corruption.table, corruption.stage
    with bench.damaged(*corruption.statements):
        changed = bench.changed
        found = bench.failing(suite_of(table)) or bench.failing_tests(stage, table)
        for other in suites_of(stage):
            found = found or [f"{other.table}: {check}" for check in bench.failing(other)]
    return Verdict(corruption, changed, tuple(found))


def of_every_column(bench: Bench) -> Iterator[Corruption]:
    """Damage to every column of every table; the long table of metrics through its families."""
    for stage in STAGES:
        for suite in suites_of(stage):
            damages: Iterable[Damage] = ()
            if suite.table in FAMILY_TABLES:
                damages = damages_of_metrics(bench, suite.table)
            elif suite.table != LONG:
                damages = (*damages_of_columns(bench, suite.table), *damages_of_rows(bench, suite.table))
            for damage in damages:
                yield Corruption(f"{damage.kind}: {damage.where}", damage.table, damage.statements)


def table_of(verdicts: Iterable[Verdict]) -> str:
    """A Markdown table: killed and total by kind of corruption and stage; survivors below."""
    counted: dict[tuple[str, str], list[bool]] = defaultdict(list)
    survivors = []
    for each in verdicts:
        if each.rows_changed:
            kind = each.corruption.kind.split(":")[0]
            counted[kind, each.corruption.stage].append(bool(each.noticed_by))
            if not each.noticed_by:
                survivors.append(f"{each.corruption.table}: {each.corruption.kind}")
    lines = ["| corruption | " + " | ".join(STAGES) + " | all |", "|---" * (len(STAGES) + 2) + "|"]
    kinds = sorted({kind for kind, _ in counted})
    lines += [_line(kind, [counted.get((kind, stage), []) for stage in STAGES]) for kind in kinds]
    lines.append(_line("all", [_all(counted, stage) for stage in STAGES]))
    return "\n".join([*lines, "", "Not noticed:", *(f"- {survivor}" for survivor in survivors)])


def _all(counted: dict[tuple[str, str], list[bool]], stage: str) -> list[bool]:
    return [each for (_, where), found in counted.items() if where == stage for each in found]


def _line(kind: str, by_stage: list[list[bool]]) -> str:
    columns = [*by_stage, [each for found in by_stage for each in found]]
    return f"| {kind} | " + " | ".join(f"{sum(found)}/{len(found)}" if found else "" for found in columns) + " |"


def main() -> None:
    """Make the shop, damage it, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--columns", action="store_true", help="also every column of every table; takes minutes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(make_shop(Path(folder) / "shop"))
        reasons = [f"  {table}: {kind}: {reason}" for (kind, table), reason in SURVIVORS.items()]
        parts = [table_of(judge(bench, each) for each in CORRUPTIONS), *reasons]
        if arguments.columns:
            parts += ["", table_of(judge(bench, each) for each in of_every_column(bench))]
    sys.stdout.write("\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
