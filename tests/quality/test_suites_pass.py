"""A consistent shop passes every gate."""

from __future__ import annotations

import pytest

from tests.quality.conftest import Files


@pytest.mark.parametrize("stage", ["raw", "staging", "marts", "metrics"])
def test_a_consistent_shop_passes_every_check(shop_files: Files, stage: str) -> None:
    report = shop_files.gate(stage)
    assert [result.message for result in report.blocking] == []
    assert set(report.counts) == {"passed"}
