"""Nights of a small shop, each with another kind of late row: carried on, every table is what a rebuild makes of it."""

from __future__ import annotations

from pathlib import Path

from tests.carrying.nights import Nights
from tests.dbt.support import Project
from tests.dbt.test_small_shop import small_shop


def test_plain_nights(project: Project, tmp_path: Path) -> None:
    rows, nights = small_shop(), Nights(project, tmp_path)
    nights.night(rows, "2024-03-14")
    rows.order("d2", "dora", "2024-03-15", 7)
    states = nights.night(rows, "2024-03-15")
    print(states)
    rows.order("a3", "anna", "2024-03-16", 7)
    rows.order("h1", "hans", "2024-03-16", 7)
    print(nights.night(rows, "2024-03-16"))
