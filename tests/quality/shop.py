"""A demo shop of eight months, run through the real pipeline once: what the suites are to find consistent.

Belongs here: making the shop and what its gates are told. Not here: damaging it (``bench``, ``seeded``).
"""

from __future__ import annotations

import datetime as dt
import io
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from unittest import mock

from retention_pipeline.config import Settings, load_settings
from retention_pipeline.demo.shop import write_shop
from retention_pipeline.quality.gate import run_gate
from retention_pipeline.quality.parameters import configured_parts, gate_parameters
from retention_pipeline.quality.report import GateReport
from retention_pipeline.quality.suites import Suite

START = dt.date(2023, 9, 1)
DAYS = 240
AS_OF = START + dt.timedelta(days=DAYS - 1)
ENVIRONMENT = {"RETENTION_ID_KEY": "a key that only tests use", "RETENTION_RECEIVED_ON": "2026-01-01"}

_FEWER_CELLS = (
    ('grains = ["week", "month", "quarter", "year"]', 'grains = ["month", "quarter", "year"]'),
    ('cohort_grains = ["month", "quarter"]', 'cohort_grains = ["month"]'),
    ('segments = ["country", ', "segments = ["),
    ('country = "country"\n', ""),
)  # fmt: skip
"""What of the demo's configuration is changed: every source and every part stays, the tables get smaller."""


@dataclass(frozen=True)
class Files:
    """The delivery store and the build file of the shop, and its settings."""

    store: Path
    build: Path
    config: Path

    @cached_property
    def settings(self) -> Settings:
        """The shop's settings."""
        return load_settings(self.config)

    @cached_property
    def parameters(self) -> dict[str, str]:
        """What the checks are told."""
        return gate_parameters(self.settings, as_of=AS_OF, data_through=AS_OF, tickets_through=AS_OF)

    @cached_property
    def configured(self) -> frozenset[str]:
        """The parts the shop has; it has all of them."""
        return configured_parts(self.settings)

    @property
    def compiled_tests(self) -> Path:
        """Where dbt left the SQL of its tests."""
        return self.settings.home.dbt_target / "compiled"

    @property
    def manifest(self) -> Path:
        """Where dbt left what it knows of its nodes."""
        return self.settings.home.dbt_target / "manifest.json"

    def gate(self, stage: str, suites: tuple[Suite, ...], configured: frozenset[str] | None = None) -> GateReport:
        """Run suites of a stage as the pipeline does."""
        return run_gate(
            stage,
            suites,
            database=self.store if stage == "raw" else self.build,
            attach={} if stage == "raw" else {"store": self.store},
            parameters=self.parameters,
            configured=self.configured if configured is None else configured,
        )


def make_shop(folder: Path) -> Files:
    """Write the shop's files and run the pipeline on them, gates and all.

    Args:
        folder: Where to write; must not exist.

    Raises:
        GateFailedError: The shop is not consistent.
    """
    from rich.console import Console

    from retention_pipeline.cli.running import Wanted, run_job

    write_shop(folder, customers=120, days=DAYS, start=START)
    config = folder / "retention.toml"
    text = config.read_text(encoding="utf-8")
    for full, fewer in _FEWER_CELLS:
        if full not in text:
            raise ValueError(f"the demo's configuration no longer says {full!r}")
        text = text.replace(full, fewer)
    config.write_text(text, encoding="utf-8")
    ours = {name: value for name, value in os.environ.items() if not name.startswith("RETENTION_")}
    with mock.patch.dict(os.environ, {**ours, **ENVIRONMENT}, clear=True):
        settings = load_settings(config)
        run_job(settings, Wanted(AS_OF), Console(file=io.StringIO()))
    return Files(settings.home.store, settings.home.build, config)
