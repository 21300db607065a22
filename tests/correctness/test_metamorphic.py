"""Metamorphic relations through the whole pipeline, on every published table, cell by cell.

A default run applies all changes of the deliveries at once and predicts their joint effect; ``-m slow`` applies each
alone, to more shops, so that a failure has a name.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from retention_pipeline.intake.identity import hash_id
from tests.correctness import effects, relations
from tests.correctness.delivered import Delivered, read_delivered
from tests.correctness.runs import ID_KEY, ingest_some, run
from tests.correctness.tables import Effect, Published, compare, predict
from tests.oracle.random_shop import RandomShop

OTHER_KEY = "another key that only tests use"


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A change of the deliveries, or of the circumstances of the run, and its effect on published columns."""

    name: str
    change: Callable[[Delivered, Random], Delivered] | None = None
    effect: Effect | None = None
    id_key: str = ID_KEY
    threads: int | None = None
    arrives_in_two_parts: bool = False


RELATIONS = (
    Relation(name="rows in another order", change=relations.shuffled),
    Relation(name="files in another order", arrives_in_two_parts=True),
    Relation(name="every row delivered twice", change=relations.doubled),
    Relation(
        name="other customer ids and another key",
        change=relations.renamed, effect=effects.renamed_customers, id_key=OTHER_KEY,
    ),
    Relation(name="money times four", change=relations.scaled, effect=effects.scaled_money),
    Relation(name="28 years earlier", change=relations.shifted, effect=effects.shifted_dates),
    Relation(name="one thread", threads=1),
    Relation(name="eight threads", threads=8),
    Relation(name="one history file instead of daily files", change=relations.merged),
)  # fmt: skip
AT_ONCE = tuple(each for each in RELATIONS if each.name not in {"eight threads", "files in another order"})
SEEDS = (1, 6, 11)


@dataclass(frozen=True)
class Base:
    """A shop as it was delivered and what was published of it."""

    shop: Delivered
    names: tuple[str, ...]
    published: Published
    parsed: Path


@pytest.fixture(scope="module")
def base_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Base]:
    """Runs each seed's shop once."""

    @functools.cache
    def run_once(seed: int) -> Base:
        folder = tmp_path_factory.mktemp(f"seed{seed}")
        shop = RandomShop(seed)
        shop.write(folder / "raw")
        delivered = relations.cleaned(read_delivered(folder / "raw", shop.last))
        config = delivered.write(folder / "base")
        found = run(config, delivered.last)
        return Base(delivered, tuple(shop.names), found, folder / "base" / ".retention" / "dbt")

    return run_once


def require(base: Base, applied: tuple[Relation, ...], folder: Path) -> None:
    """Run the shop with all the changes and compare it with what they are predicted to do."""
    shop, random, id_key = base.shop, Random(5), ID_KEY
    for each in applied:
        shop = shop if each.change is None else each.change(shop, random)
        id_key = id_key if each.id_key == ID_KEY else each.id_key
    config = shop.write(folder / "shop")
    if any(each.arrives_in_two_parts for each in applied):
        ingest_some(config, random, id_key)
    threads = next((each.threads for each in applied if each.threads is not None), None)
    actual = run(config, shop.last, id_key=id_key, parsed=base.parsed, threads=threads)
    wanted = [each.effect for each in applied if each.effect is not None]
    with predict(base.published, wanted, _ids(base, id_key)) as connection:
        found = compare(connection, actual, is_rounded=effects.scaled_money in wanted)
    assert found.cells > 100_000
    assert not found.problems, "\n".join(found.problems)


def _ids(base: Base, id_key: str) -> dict[str, str]:
    if id_key == ID_KEY:
        return {}
    pairs = ((hash_id(ID_KEY.encode(), old), hash_id(id_key.encode(), relations.new_name(old))) for old in base.names)
    return {old: new for old, new in pairs if old and new}


@pytest.mark.long
def test_all_changes_at_once_have_their_joint_effect(base_of: Callable[[int], Base], tmp_path: Path) -> None:
    require(base_of(SEEDS[0]), AT_ONCE, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_a_change_has_its_effect_and_no_other(
    relation: Relation, seed: int, base_of: Callable[[int], Base], tmp_path: Path
) -> None:
    require(base_of(seed), (relation,), tmp_path)
