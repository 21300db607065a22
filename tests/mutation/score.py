"""How many mistakes in the models' SQL are noticed: ``python -m tests.mutation.score [--per-kind 25] [--seed 1]``.

Each mutant is judged on the first shop; what nobody notices there is tried on the others, which have other sources,
calendars and cut-offs. What nobody notices anywhere is a survivor: either the mistake changes nothing that is
published (equivalent, with its argument in ``survivors.yml``), or these shops are too small to decide.

Belongs here: choosing, counting, the table. Not here: judging one mutant (``judge``).
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from tests.mutation.judge import Judge, Verdict
from tests.mutation.operators import Mutant
from tests.mutation.shops import RECIPES, ProvenShop, prove

ARGUMENTS = Path(__file__).with_name("survivors.yml")


class Argument(NamedTuple):
    """Why mutants survive whose name matches ``pattern``; ``is_weakness`` where a test is missing."""

    pattern: re.Pattern[str]
    why: str
    is_weakness: bool


@cache
def read_arguments() -> tuple[Argument, ...]:
    """What is known about survivors."""
    entries = yaml.safe_load(ARGUMENTS.read_text(encoding="utf-8")) or []
    return tuple(Argument(re.compile(each["mutants"]), each["why"], each.get("weakness", False)) for each in entries)


def argument_for(mutant: Mutant, arguments: Iterable[Argument]) -> Argument | None:
    """The first argument that speaks of a mutant."""
    return next((each for each in arguments if each.pattern.search(mutant.name)), None)


def every_mutant(judge: Judge) -> list[Mutant]:
    """All mutants of all models."""
    names = [model.name for model in judge.warehouse.models.values()]
    return [mutant for name in names for mutant in judge.mutants_of(name).values()]


def chosen(mutants: Sequence[Mutant], per_kind: int | None, seed: int) -> list[Mutant]:
    """At most ``per_kind`` mutants of every kind, drawn by ``seed``."""
    if per_kind is None:
        return list(mutants)
    by_kind: dict[str, list[int]] = defaultdict(list)
    for place, mutant in enumerate(mutants):
        by_kind[mutant.kind].append(place)
    draw = random.Random(seed)
    places = [draw.sample(by_kind[kind], min(per_kind, len(by_kind[kind]))) for kind in sorted(by_kind)]
    return [mutants[place] for place in sorted(place for drawn in places for place in drawn)]


def verdicts(judges: Sequence[Judge], mutants: Iterable[Mutant], *, is_night_asked: bool = True) -> Iterator[Verdict]:
    """The verdict of the first shop, or of the first one after it that notices."""
    first, *others = judges
    for mutant in mutants:
        verdict = first.judge(mutant, is_night_asked=is_night_asked)
        if verdict is None:
            continue
        for judge in others:
            if verdict.is_killed:
                break
            # the same mistake in another shop, whose rendered SQL may not offer it
            there = judge.mutants_of(mutant.model).get(mutant.name)
            if there is not None:
                verdict = judge.judge(there, is_night_asked=is_night_asked) or verdict
        yield verdict


def is_equivalent(verdict: Verdict) -> bool:
    """Whether a survivor is argued to change nothing that is published."""
    argument = None if verdict.is_killed else argument_for(verdict.mutant, read_arguments())
    return argument is not None and not argument.is_weakness


def table_of(found: Sequence[Verdict]) -> str:
    """A Markdown table by kind of mistake."""
    lines = [
        "| mistake | mutants | refused | oracle | night's checks | noticed | equivalent | undecided |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for kind in [*sorted({each.mutant.kind for each in found}), None]:
        of_kind = [each for each in found if kind in {None, each.mutant.kind}]
        counts = [
            len(of_kind),
            *(sum(bool(getattr(each, by)) for each in of_kind) for by in ("refused", "oracle", "night", "is_killed")),
        ]
        same = sum(is_equivalent(each) for each in of_kind)
        cells = [*counts, same, counts[0] - counts[-1] - same]
        lines.append(f"| {kind or 'all'} | " + " | ".join(f"{cell:,}" for cell in cells) + " |")
    return "\n".join(lines)


def survivors_of(found: Iterable[Verdict]) -> Iterator[str]:
    """A line for each survivor, with the argument."""
    for verdict in found:
        if not verdict.is_killed:
            argument = argument_for(verdict.mutant, read_arguments())
            words = "undecided" if argument is None else argument.why
            label = "equivalent: " if is_equivalent(verdict) else "undecided: " if argument is not None else ""
            yield f"- {verdict.mutant.name} [{', '.join(verdict.changed) or 'nothing changed'}] {label}{words}"


def proven_shops(folder: Path) -> list[ProvenShop]:
    """Every shop, made and proven."""
    return [prove(recipe, folder / f"shop{number}") for number, recipe in enumerate(RECIPES)]


def main() -> None:
    """Make the shops, mutate, print the table and the survivors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-kind", type=int, help="at most so many mutants of each kind; all where omitted")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        judges = [Judge(shop) for shop in proven_shops(Path(folder))]
        mutants = chosen(every_mutant(judges[0]), arguments.per_kind, arguments.seed)
        found = list(verdicts(judges, mutants))
    sys.stdout.write("\n".join([table_of(found), "", "Not noticed:", *survivors_of(found)]) + "\n")


if __name__ == "__main__":
    main()
