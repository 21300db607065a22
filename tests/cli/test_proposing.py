"""``retention rfm``: the cut points that are printed divide the customers when they are scored."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from retention_pipeline.cli import proposing
from tests.folder import Folder

CONFIG = """
[shop]
name = "Weekly market"
timezone = "UTC"
currency = "EUR"
[sources.orders]
path = "orders_{date}.csv"
"""


def test_a_fifth_of_the_customers_of_a_weekly_market_gets_each_recency_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Folder(tmp_path)
    shop.config.write_text(CONFIG, encoding="utf-8")
    recency = np.repeat(7 * np.arange(10), 3)  # days from the last order to as_of, as customer_scores has them
    rows = [(int(days), 1, 10.0) for days in recency]
    monkeypatch.setattr(proposing, "run_select", lambda home, sql: ([], rows))
    printed = io.StringIO()
    proposing.propose_cut_points(shop.settings, Console(file=printed, width=120), write=False)
    cuts = tomllib.loads(printed.getvalue())["rfm"]["recency_days"]
    # a boundary is the day after as_of at the earliest; a score is lost for each cut that is passed
    scores = 5 - np.searchsorted(cuts, recency + 1, side="left")
    assert np.bincount(scores)[1:].tolist() == [6, 6, 6, 6, 6]
