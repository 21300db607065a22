"""Where the persons who are to be erased occur, in a table: one by one, or in sums where they are many.

Belongs here: looking and showing, in one pass for all. Not here: asking and erasing (``erasing``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console

from retention_pipeline.cli.tables import print_table
from retention_pipeline.core.errors import ConfigError
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import versions
from retention_pipeline.warehouse.erasure.log import Log
from retention_pipeline.warehouse.erasure.people import Person
from retention_pipeline.warehouse.erasure.steps import find
from retention_pipeline.warehouse.erasure.tables import rows_that_hold

Places = Counter[str]
"""Rows by place."""
SHOWN_ONE_BY_ONE = 20


def known_persons(
    home: Home, log: Log, persons: Sequence[tuple[Person, ...]], console: Console, *, in_advance: bool
) -> list[tuple[Person, ...]]:
    """Show where persons occur; returns those who are to be erased.

    Args:
        home: The home.
        log: Who has been erased before.
        persons: Of each person the readings of what was given.
        console: Where it is shown.
        in_advance: Choose also those of whom nothing is stored, in every reading.

    Returns:
        Of each person who is to be erased the readings that something is stored of.

    Raises:
        ConfigError: Nothing is stored of any of them.
    """
    places = _places(home, log, [reading for readings in persons for reading in readings])
    found = [sum((places[each.customer_hash] for each in readings), Counter[str]()) for readings in persons]
    before = [
        not there and any(log.erased.is_person(each.customer_hash) for each in readings)
        for readings, there in zip(persons, found, strict=True)
    ]
    (_print_each if len(persons) <= SHOWN_ONE_BY_ONE else _print_all)(
        [(number, there, past) for number, (there, past) in enumerate(zip(found, before, strict=True), start=1)],
        console,
    )
    chosen = [
        tuple(each for each in readings if places[each.customer_hash] or not there)
        for readings, there, past in zip(persons, found, before, strict=True)
        if there or (in_advance and not past)
    ]
    if not chosen:
        raise ConfigError(
            "nothing is stored of any of them",
            remedy="compare the ids with the delivered files; --in-advance keeps them out of what will be delivered",
        )
    return chosen


def _places(home: Home, log: Log, persons: Sequence[Person]) -> dict[str, Places]:
    """Rows by keyed hash and place, in the store and in the current version."""
    whose = find(home, log, persons).whose
    current = _current(home)
    published = rows_that_hold(home.published / current, [each.customer_hash for each in persons]) if current else {}
    found = {}
    for person in persons:
        hashed = person.customer_hash
        places = Counter({f"store {table}": count for table, count in whose.get(hashed, {}).items()})
        places.update({f"{current} {table}": count for table, count in published.get(hashed, {}).items()})
        found[hashed] = places
    return found


def _print_each(found: Sequence[tuple[int, Places, bool]], console: Console) -> None:
    rows: list[tuple[int, str, int | str]] = []
    for number, places, past in found:
        nothing = "erased before" if past else "nothing is stored"
        rows += [(number, where, count) for where, count in places.items()] or [(number, nothing, "")]
    print_table(console, ("person", "where", "rows"), rows, title="where they occur")


def _print_all(found: Sequence[tuple[int, Places, bool]], console: Console) -> None:
    """A long list: how many persons each place holds, and where in the list those stand of whom nothing is stored."""
    persons: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    for _, places, _ in found:
        persons.update(places.keys())
        rows.update(places)
    print_table(console, ("where", "persons", "rows"), [(where, persons[where], rows[where]) for where in rows],
                title="where they occur")  # fmt: skip
    for text, numbers in (
        ("erased before", [number for number, _, past in found if past]),
        ("nothing is stored", [number for number, places, past in found if not places and not past]),
    ):
        if numbers:
            shown = ", ".join(map(str, numbers[:SHOWN_ONE_BY_ONE])) + (" …" if len(numbers) > SHOWN_ONE_BY_ONE else "")
            console.print(f"{text} of {len(numbers)} of the list, in its order: {shown}", highlight=False)


def _current(home: Home) -> str | None:
    manifest = versions.current_manifest(home)
    return manifest.version if manifest is not None else None
