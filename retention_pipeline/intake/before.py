"""What the store knows of earlier deliveries of a source, with which new ones are compared.

Belongs here: putting it together. Not here: the comparisons (``columns_before``, ``profiles``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_pipeline.config import Settings
from retention_pipeline.intake.columns_before import ColumnsBefore
from retention_pipeline.intake.fields import Contract
from retention_pipeline.intake.profiles import ProfilesBefore

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Before:
    """Columns that files had, and what their records looked like."""

    columns: ColumnsBefore
    profiles: ProfilesBefore

    @classmethod
    def of(
        cls, connection: DuckDBPyConnection, settings: Settings, contract: Contract, mapping: str, schema: str = "raw"
    ) -> Before:
        """Of the deliveries of a source that were read under this mapping.

        Args:
            connection: Where they are found.
            settings: The shop.
            contract: The source.
            mapping: Fingerprint of the mapping.
            schema: The schema of the store's tables, qualified where it is attached.
        """
        source = settings.sources.configured()[contract.source]
        return cls(
            ColumnsBefore(connection, contract, source, mapping, schema),
            ProfilesBefore(connection, settings, contract, mapping, schema),
        )
