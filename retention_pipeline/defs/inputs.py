"""What a run is a function of: the deliveries known at ``as_of``, the configuration, the code.

Belongs here: resolving these inputs once per step, so that no step builds on another state.
Not here: how they are fingerprinted (``warehouse.store``).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from retention_pipeline.config import Settings
from retention_pipeline.core.errors import ConfigError, InputRefusedError
from retention_pipeline.defs.resources import RunClock
from retention_pipeline.intake.arrival import received_date
from retention_pipeline.warehouse.arrivals import show_deliveries
from retention_pipeline.warehouse.build import BuildState, Inputs
from retention_pipeline.warehouse.store import (
    data_through,
    default_as_of,
    first_known,
    inputs_fingerprint,
    open_store,
    order_records,
    rules_fingerprint,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LARGE = 1_000_000
"""Order records from which on carrying a build on is quicker than making it anew (docs/performance.md)."""


def resolve_inputs(store: DuckDBPyConnection, settings: Settings, clock: RunClock, *, run_id: str) -> Inputs:
    """The inputs at the clock's date; at the last delivered date (until the clock's last) when it has none.

    Raises:
        InputRefusedError: No order has been delivered, so there is no date to report about.
    """
    day = clock.date or default_as_of(store, clock.last)
    if day is None:
        raise InputRefusedError(
            "no orders have been delivered, so there is nothing to compute",
            remedy="check sources.orders.path in the configuration; `retention validate` shows what is found",
        )
    return Inputs(
        fingerprint=inputs_fingerprint(store, settings, day),
        as_of=day,
        data_through=data_through(store, settings, day),
        run_id=run_id,
        rules=rules_fingerprint(store, settings),
    )


def begin_build(
    store: DuckDBPyConnection, settings: Settings, clock: RunClock, *, run_id: str, rebuild: bool = False
) -> Inputs:
    """Start a build on the inputs as they are now; stages that were made from the same are kept unless ``rebuild``.

    Where an earlier build can be carried on, it is (``BuildState.plan`` says so).

    Raises:
        ConfigError: The date lies before the first order or in the future.
    """
    if clock.date is not None:
        _check_as_of(store, clock.date)
    show_deliveries(store, clock.date or default_as_of(store, clock.last))
    inputs = resolve_inputs(store, settings, clock, run_id=run_id)
    BuildState(settings.home).begin(inputs, anew=rebuild, forbidden=anew_anyway(store, settings))
    return inputs


def anew_anyway(store: DuckDBPyConnection, settings: Settings) -> str | None:
    """Why builds of this shop are not carried on, whatever the one before is like; None where they may be."""
    if settings.build.incremental != "auto":
        return None if settings.build.incremental else "incremental builds are switched off"
    return None if order_records(store) >= LARGE else f"with fewer than {LARGE:,} order records it takes no longer"


def _check_as_of(store: DuckDBPyConnection, as_of: dt.date) -> None:
    first = first_known(store)
    if first is not None and as_of < first:
        raise ConfigError(f"as_of {as_of} lies before the first delivered order", remedy=f"choose {first} or later")
    if as_of > received_date() + dt.timedelta(days=1):
        raise ConfigError(f"as_of {as_of} lies in the future", remedy="choose a date whose deliveries can be known")


def inputs_of_stage(settings: Settings, clock: RunClock, *, run_id: str, needs: tuple[str, ...]) -> Inputs:
    """The inputs as they are now, after making sure that the stages below were built from the same.

    Raises:
        InconsistentStateError: They were not; the message says what to select.
    """
    with open_store(settings.home) as store:
        inputs = resolve_inputs(store, settings, clock, run_id=run_id)
    state = BuildState(settings.home)
    for stage in needs:
        state.require(stage, inputs)
    return inputs
