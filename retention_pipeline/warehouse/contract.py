"""A version whose shape breaks what consumers had is not published, unless it says so by a new contract version.

Belongs here: comparing a version with the one before. Not here: what counts as breaking (``core.published_schema``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from retention_pipeline.core.errors import PublishedSchemaError
from retention_pipeline.core.progress import Progress
from retention_pipeline.core.published_schema import CONTRACT_VERSION, SchemaChanges, schema_changes
from retention_pipeline.warehouse.hashing import Content
from retention_pipeline.warehouse.manifest import Manifest

_ENTRY = "contract_version"
NOTED: Final = {_ENTRY: CONTRACT_VERSION}
"""Entry of the manifest; a version from before there was one counts as version 1."""
_NAMED = 8


def check(
    previous: Manifest | None, built: Mapping[str, Content], metadata: Mapping[str, Any], watcher: Progress
) -> None:
    """Compare the shape of a version about to be published with that of the one before, and tell what changed.

    Args:
        previous: The newest intact version; nothing is compared where there is none.
        built: The tables of the new one.
        metadata: Of the new one.
        watcher: Told about additions, and about a new contract version.

    Raises:
        PublishedSchemaError: Something is gone or has another type, and the contract version is the same.
    """
    if previous is None:
        return
    before, after = _contract_of(previous.metadata), _contract_of(metadata)
    old = {name: dict(table.columns) for name, table in previous.tables.items()}
    changes = schema_changes(old, {name: dict(content.columns) for name, content in built.items()})
    if changes.broken and before == after:
        raise PublishedSchemaError(
            f"published schema: {_listed(changes.broken)}; consumers of contract version {before} would break,"
            f" so nothing was published and {previous.version} is still served",
            remedy="bring the columns back; or, if it is meant, raise CONTRACT_VERSION in core/published_schema.py"
            " and record it with `make schema`",
        )
    _announce(changes, before, after, watcher)


def _announce(changes: SchemaChanges, before: int, after: int, watcher: Progress) -> None:
    if before != after:
        what = _listed(changes.broken) or "nothing is gone"
        watcher.warn(f"the published schema is of contract version {after} now, before it was {before}: {what}")
    if changes.added:
        watcher.warn(f"new in the published schema: {_listed(changes.added)}")


def _contract_of(metadata: Mapping[str, Any]) -> int:
    return int(metadata.get(_ENTRY, 1))


def _listed(changes: Sequence[str]) -> str:
    rest = len(changes) - _NAMED
    return ", ".join(changes[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
