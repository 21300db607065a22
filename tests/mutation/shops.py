"""Small random shops, run through the pipeline once, whose facts are proven to be those of the oracle.

The proof is what makes judging a mutant cheap: as the untouched build equals the oracle in every cell, a mutant that
changes one of these cells is one that the oracle tells apart, without asking the oracle again.

Belongs here: making a shop and proving it. Not here: mutants (``operators``), judging them (``judge``).
"""

from __future__ import annotations

import datetime as dt
import io
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from rich.console import Console

from retention_pipeline.cli.running import Wanted, run_job
from retention_pipeline.config import Settings, load_settings
from retention_pipeline.demo.shop import write_shop
from retention_pipeline.intake.identity import hash_id
from retention_pipeline.warehouse.read import open_published
from tests.mutation.contradictions import write_contradicting
from tests.oracle.compare import compare
from tests.oracle.landing import read_landing
from tests.oracle.random_shop import RandomShop
from tests.oracle.records import Shop
from tests.oracle.world import compute

ID_KEY = "a key that only tests use"
ENVIRONMENT = {"RETENTION_ID_KEY": ID_KEY, "RETENTION_RECEIVED_ON": "2026-01-01"}


@dataclass(frozen=True)
class Recipe:
    """How to write a shop, and what of its configuration is fixed rather than drawn: expressions by key."""

    write: Callable[[Path], object]
    fixed: Mapping[str, str]


def _random(seed: int, people: int, days: int) -> Callable[[Path], object]:
    return lambda folder: RandomShop(seed, people=people, days=days).write(folder)


def _contradicting(seed: int, people: int, days: int) -> Callable[[Path], object]:
    return lambda folder: write_contradicting(RandomShop(seed, people=people, days=days), folder)


def _demo(folder: Path) -> object:
    return write_shop(folder, seed=11, customers=50, days=400)


SMALLEST = Recipe(
    _contradicting(1, people=8, days=60),
    {"grains": '["week", "month"]', "cohort_grains": '["month"]', "min_cell_size": "1"},
)
"""For a sample in a minute."""
RECIPES = (
    Recipe(_random(1, people=12, days=100), {"grains": '["week", "month"]', "min_cell_size": "1"}),
    Recipe(_demo, {"grains": '["month", "quarter", "year"]', "cohort_grains": '["month"]', "min_cell_size": "1"}),
    Recipe(
        _random(126, people=12, days=60),
        {"grains": '["day", "week", "month"]', "week_start": '"sunday"', "min_cell_size": "2"},
    ),
    Recipe(_contradicting(1, people=10, days=80), {"grains": '["week", "month"]', "min_cell_size": "1"}),
)
"""Every source; broken records and lives that take years; snapshots of customers, days, and weeks from Sunday on;
records that contradict each other."""


@dataclass(frozen=True)
class ProvenShop:
    """A shop whose build file holds what the oracle says.

    Attributes:
        settings: Where store, build file and dbt's files are.
        as_of: The date of its run.
        compared: Names of the marts in which every cell was compared.
        cells: How many cells that were.
    """

    settings: Settings
    as_of: dt.date
    data_through: dict[str, dt.date | None]
    compared: frozenset[str]
    cells: int


def prove(recipe: Recipe, folder: Path) -> ProvenShop:
    """Write the shop, run the pipeline on it and compare its facts with the oracle.

    Raises:
        AssertionError: The oracle disagrees before anything was mutated.
    """
    recipe.write(folder)
    config = folder / "retention.toml"
    text = config.read_text(encoding="utf-8")
    for key, value in recipe.fixed.items():
        text, times = re.subn(rf"^{key} = .*$", f"{key} = {value}", text, flags=re.M)
        if times != 1:
            raise ValueError(f"the shop's configuration says {times} times what {key} is")
    config.write_text(text, encoding="utf-8")
    ours = {name: value for name, value in os.environ.items() if not name.startswith("RETENTION_")}
    with mock.patch.dict(os.environ, {**ours, **ENVIRONMENT}, clear=True):
        settings = load_settings(config)
        landing = read_landing(settings)
        as_of = landing.records.default_as_of()
        run_job(settings, Wanted(as_of), Console(file=io.StringIO()))
        world = compute(landing.records, Shop.from_settings(settings), as_of)
        with open_published(settings.home) as published:
            found = compare(published, world, identify=lambda name: str(hash_id(ID_KEY.encode(), name)))
    found.require()
    through = {name: coverage.data_through(as_of) for name, coverage in landing.records.coverage.items()}
    return ProvenShop(settings, as_of, through, frozenset(table.name for table in found.tables), found.cells)
