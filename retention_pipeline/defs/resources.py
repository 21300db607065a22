"""What a run is given from outside: its clock and its right to write.

Belongs here: Dagster resources. Not here: settings (``build_definitions`` closes over them).
"""

import datetime as dt
from contextlib import ExitStack
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from retention_pipeline.alerts import alive
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse.lock import writer_lock


class RunClock(dg.ConfigurableResource):  # type: ignore[type-arg]  # generic only over what resources provide
    """The one clock of a run: the date up to which deliveries count as known."""

    as_of: str | None = None
    """ISO date; the last delivered date when empty."""
    until: str | None = None
    """ISO date after which nothing is taken in and nothing counts: the night's run for that day."""

    @property
    def date(self) -> dt.date | None:
        """The date to compute for, or None for "the last delivered date"."""
        return dt.date.fromisoformat(self.as_of) if self.as_of else None

    @property
    def last(self) -> dt.date | None:
        """The last date that may count, or None for no limit."""
        return dt.date.fromisoformat(self.until) if self.until else None


class Writer(dg.ConfigurableResource):  # type: ignore[type-arg]  # generic only over what resources provide
    """The writer lock of the home directory, held from a run's first step to its last."""

    home_dir: str
    wait_seconds: float = 0.0
    _held: ExitStack = PrivateAttr(default_factory=ExitStack)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Take the lock.

        Raises:
            BusyError: Another process holds it.
        """
        run, home = context.run.run_id if context.run else "unknown", Home(Path(self.home_dir))
        self._held.enter_context(writer_lock(home, run=run, wait_seconds=self.wait_seconds))
        alive.begin(home, run)
        self._held.callback(alive.end, home, run)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Give the lock back."""
        self._held.close()
