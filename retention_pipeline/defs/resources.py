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
from retention_pipeline.defs.orphans import HOME_TAG, settle
from retention_pipeline.warehouse.lock import writer_lock
from retention_pipeline.warehouse.running import sign_of_life


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
        """Show that this run is alive, take the lock, and settle what killed runs left in Dagster.

        Raises:
            BusyError: Another process holds the lock.
            CorruptFileError: The delivery store is not what its last writer left.
        """
        run, home = context.run.run_id if context.run else "unknown", Home(Path(self.home_dir))
        try:
            self._held.enter_context(sign_of_life(home, run))
            self._take_over(context.instance if context.run else None, home, run)
        except BaseException:
            self._held.close()  # Dagster tears down only what was set up
            raise

    def _take_over(self, instance: dg.DagsterInstance | None, home: Home, run: str) -> None:
        self._held.enter_context(writer_lock(home, run=run, wait_seconds=self.wait_seconds))
        if instance is not None:
            instance.add_run_tags(run, {HOME_TAG: str(home.root)})
            settle(instance, home, own=run)
        alive.begin(home, run)
        self._held.callback(alive.end, home, run)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Give the lock back."""
        self._held.close()
