"""retention_pipeline: customer-retention metrics that say what they mean, how sure they are and when they were known.

The public API is :func:`connect`, which opens the published version of a home directory read-only, and
:func:`as_known_at`, which gives back the metric values that were published up to an earlier date.
Everything else is reached through the ``retention`` command or through Dagster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from duckdb import DuckDBPyConnection, DuckDBPyRelation

__version__ = "0.1.0"
__all__ = ["__version__", "as_known_at", "connect"]


def connect(home: str | Path, *, version: str | None = None, verify: bool = True) -> DuckDBPyConnection:
    """Open a published version of a home directory, read-only.

    Args:
        home: The home directory of the shop (the one that holds ``published/``).
        version: A version name such as ``"v000012"``; the current version when omitted.
        verify: Compare the file with the checksum in its manifest before opening it.

    Returns:
        A DuckDB connection. It keeps the version it was opened on for as long as it lives.

    Raises:
        retention_pipeline.core.errors.NothingPublishedError: Nothing has been published there, or no such version.
        retention_pipeline.core.errors.CorruptFileError: The file differs from its manifest.
    """
    from retention_pipeline.warehouse.read import home_of, open_published  # late: the import stays instant

    return open_published(home_of(home), version=version, verify=verify)


def as_known_at(home: str | Path, date: dt.date | str, *, version: str | None = None) -> DuckDBPyRelation:
    """Metric values of finished periods as consumers saw them on an earlier date.

    Args:
        home: The home directory of the shop.
        date: The date; text is written like ``2026-01-31``. What the last version with ``as_of`` up to it said is
            given back, also when that version is no longer kept.
        version: The version whose memory is used; the newest of the main line when omitted.

    Returns:
        A DuckDB relation (``.df()`` makes it a data frame): the key of ``metric_values``, ``period_end``, the values,
        and the version they were seen in.

    Raises:
        retention_pipeline.core.errors.ConfigError: The date is none; the message says what is accepted.
        retention_pipeline.core.errors.NothingPublishedError: Nothing had been published for that date.
    """
    from retention_pipeline.warehouse.ledger.known import as_known_at as known  # late, as above
    from retention_pipeline.warehouse.ledger.known import day_of
    from retention_pipeline.warehouse.read import home_of

    return known(home_of(home), day_of(date), version=version)
