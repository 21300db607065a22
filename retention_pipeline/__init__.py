"""retention_pipeline: customer-retention metrics that say what they mean, how sure they are and when they were known.

The public API is :func:`connect`, which opens the published version of a home directory read-only.
Everything else is reached through the ``retention`` command or through Dagster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

__version__ = "0.1.0"
__all__ = ["__version__", "connect"]


def connect(home: str | Path, *, version: str | None = None, verify: bool = True) -> DuckDBPyConnection:
    """Open a published version of a home directory, read-only.

    Args:
        home: The home directory of the shop (the one that holds ``published/``).
        version: A version name such as ``"v000012"``; the current version when omitted.
        verify: Compare the file with the checksum in its manifest before opening it.

    Returns:
        A DuckDB connection. It keeps the version it was opened on for as long as it lives.

    Raises:
        retention_pipeline.core.errors.NothingPublishedError: No version has been published yet.
        retention_pipeline.core.errors.CorruptFileError: The file differs from its manifest.
    """
    from pathlib import Path  # imported late: `import retention_pipeline` stays instant

    from retention_pipeline.warehouse.read import open_published

    return open_published(Path(home), version=version, verify=verify)
