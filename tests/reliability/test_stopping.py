"""K7: a run that is told to stop, also in the middle of dbt's work."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from retention_pipeline.core.errors import ExitCode
from retention_pipeline.warehouse.lock import lock_holder
from tests.reliability.conftest import Noted
from tests.reliability.figures import is_full
from tests.reliability.shop import NEXT, Shop
from tests.reliability.warm import Within

PATIENCE_SECONDS = 10
CASES = [(signal.SIGTERM, 0, 0.5), (signal.SIGINT, 1, 0.2), (signal.SIGTERM, 1, 0.9), (signal.SIGINT, 0, 0.0)]


@pytest.mark.long
def test_a_signal_inside_dbt_ends_the_run_cleanly(shop: Shop, tmp_path: Path, note: Noted) -> None:
    shop.deliver(NEXT)
    before, slowest, noted = shop.served(), 0.0, tmp_path / "noted"
    cases = CASES if is_full() else CASES[:1]
    for number, stage, share in cases:
        done = shop.run("run", "--rebuild", within=Within(stage, share, 0.02, number, str(noted)))
        took = time.monotonic() - float(noted.read_text(encoding="ascii"))
        assert done.code == ExitCode.INTERRUPTED, (number, stage, done.said)
        assert "Traceback" not in done.said
        assert "still served: v000001" in done.said
        assert took < PATIENCE_SECONDS, (number, stage)
        assert shop.served() == before
        assert lock_holder(shop.home) is None
        slowest = max(slowest, took)
    done = shop.run()
    assert done.code == 0, done.said
    assert shop.version() > "v000001"  # type: ignore[operator]  # there is one
    assert shop.litter() == []
    note("K7", "SIGTERM or Ctrl-C inside dbt", len(cases), len(cases), f"exit code 130, at most {slowest:.1f} s")
