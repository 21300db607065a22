"""A run says which rates lie outside their control limits, and goes on."""

from __future__ import annotations

import duckdb

from retention_pipeline.core.progress import Silent
from retention_pipeline.defs.publish import warn_of_control_limits
from retention_pipeline.metrics.control_limits import CONTROL_LIMITS, control_limits
from retention_pipeline.warehouse.frames import write_frame
from tests.metrics.test_control_limits import values


class Listening(Silent):
    """Remembers what it was warned of."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def warn(self, message: str) -> None:
        self.heard.append(message)


def test_the_latest_rate_outside_its_limits_is_said_from_the_table_that_was_built() -> None:
    listening = Listening()
    with duckdb.connect() as build:
        for last in (700, 815):
            judged = control_limits(values([(820, 1000)] * 12 + [(last, 1000)]), sigmas=3.0, floor=0.01)
            write_frame(build, CONTROL_LIMITS, judged)
            warn_of_control_limits(build, listening)
    assert len(listening.heard) == 1
    assert "70.0 % lies below its control limits" in listening.heard[0]
