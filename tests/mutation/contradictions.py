"""Records that contradict each other: the same key with other contents, at the same time, earlier, or with no time.

Random shops correct themselves in an orderly way, so a rule about which of two versions is the later one could be
wrong there and nobody would see it. Here the last word is decided by every part of the order in turn.

Belongs here: adding such records to delivered files. Not here: what they should come to (the oracle).
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.correctness import relations
from tests.correctness.delivered import Delivered, read_delivered
from tests.oracle.random_shop import RandomShop

KEYS = {
    "orders": ("number",), "customers": ("customer",), "feedback": ("answer",), "subscriptions": ("contract",),
    "tickets": ("ticket",), "churn_reasons": ("customer", "at"), "fx_rates": ("currency", "day"),
}  # fmt: skip
"""What makes two records versions of the same thing."""
SHARE = 0.3
FOURFOLDS = 8
"""How often money is multiplied by four: millions, which single precision cannot hold to the cent."""


def write_contradicting(shop: RandomShop, folder: Path) -> None:
    """Write a random shop, then add contradictions to its daily files and make its amounts large."""
    raw = folder.with_name(f"{folder.name}_raw")
    shop.write(raw)
    delivered = read_delivered(raw, shop.last)
    contradict(delivered, Random(shop.seed))
    for _ in range(FOURFOLDS):
        delivered = relations.scaled(delivered, Random(shop.seed))
    delivered.write(folder)


def contradict(shop: Delivered, random: Random) -> None:
    """Add, for a share of the records, versions with the contents of another record of the same source.

    They come in the same file or the next one, with the same time of change, that of the other record, or none.
    """
    for source, keys in KEYS.items():
        files = {day: rows for day, rows in shop.files.get(source, {}).items() if day is not None}
        days = sorted(files)
        places = {shop.headers[source].index(key) for key in keys} if files else set()
        others = [row for rows in files.values() for row in rows]
        for index, day in enumerate(days):
            for row in list(files[day]):
                if random.random() < SHARE:
                    when = random.choice(days[index : index + 2])
                    files[when].append(_version(shop, source, row, places, random.choice(others), random))


def _version(
    shop: Delivered, source: str, row: list[str], keys: set[int], other: list[str], random: Random
) -> list[str]:
    version = [cell if column in keys else other[column] for column, cell in enumerate(row)]
    header = shop.headers[source]
    if source == "feedback":  # a score lies on the scale of its survey
        survey = header.index("survey")
        version[survey] = row[survey]
        if other[survey] != row[survey]:
            version[header.index("score")] = row[header.index("score")]
    if "changed" in header:
        changed = header.index("changed")
        version[changed] = random.choice((row[changed], row[changed], other[changed], ""))
    return version
