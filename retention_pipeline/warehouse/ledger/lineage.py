"""The line of versions that the ledger follows, and which of them a new version is compared with.

The main line runs through the versions whose ``as_of`` was not earlier than any before. A version for an earlier
``as_of`` is a re-enactment: it answers a question about the past and restates nothing.
Belongs here: order, choice, protection from removal. Not here: the comparison (``cells``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from retention_pipeline.core.errors import CorruptFileError
from retention_pipeline.core.history_tables import COVERAGE, DELIVERIES, METRIC_RESTATEMENTS, METRIC_SOURCES, VERSIONS
from retention_pipeline.core.home import Home
from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.warehouse.manifest import Manifest
from retention_pipeline.warehouse.verify import verify_file

NEEDED = (
    METRIC_VALUES.name, METRIC_RESTATEMENTS.name, DELIVERIES.name, VERSIONS.name, COVERAGE.name, METRIC_SOURCES.name,
    "dim_customer", "dim_customer_segment",
)  # fmt: skip
"""Tables of an earlier version that a comparison reads."""


@dataclass(frozen=True)
class Lineage:
    """Where a new version stands among the published ones.

    Attributes:
        head: The intact version that stands last on the main line; its memory is carried on.
        is_reenactment: Whether a later ``as_of`` has been published before.
        damaged: Versions that stand later but cannot be read.
    """

    head: Manifest | None
    is_reenactment: bool
    damaged: tuple[str, ...] = ()

    @property
    def baseline(self) -> Manifest | None:
        """The version to compare with; none for the first version and for re-enactments."""
        return None if self.is_reenactment else self.head


def place(manifest: Manifest) -> tuple[str, int]:
    """Sorts versions by ``as_of`` first, by number second."""
    return str(manifest.metadata["as_of"]), int(manifest.version[1:])


def is_reenactment(manifest: Manifest) -> bool:
    """Whether a version answered a question about the past when it was published."""
    return bool(manifest.metadata.get("is_reenactment", False))


def lineage(home: Home, known: Sequence[Manifest], as_of: str, lost: Sequence[str] = ()) -> Lineage:
    """Where a version for ``as_of`` stands among the known ones.

    Args:
        home: The home directory.
        known: Manifests of the published versions.
        as_of: What the new version is for.
        lost: Versions whose manifest cannot be read, so that nobody knows what they were for.
    """
    reenacts = any(manifest.metadata["as_of"] > as_of for manifest in known)
    damaged: list[str] = []
    for manifest in sorted(known, key=place, reverse=True):
        if is_readable(home, manifest):
            later = [name for name in lost if name > manifest.version]
            return Lineage(manifest, reenacts, (*damaged, *later))
        damaged.append(manifest.version)
    return Lineage(None, reenacts, (*damaged, *lost))


def is_readable(home: Home, manifest: Manifest) -> bool:
    """Whether the tables that a comparison reads are as they were published."""
    try:
        for name in NEEDED:
            if name in manifest.tables:
                record = manifest.tables[name].parquet
                verify_file(home.published / manifest.version / record.name, record, remember=True)
    except (CorruptFileError, FileNotFoundError):
        return False
    return True


def protected(known: Sequence[Manifest]) -> set[str]:
    """Versions that must not be removed: the last of the main line, and the last one before other definitions.

    The first is what the next version is compared with; the second keeps the numbers by the former definitions or
    configuration readable beside the present ones.
    """
    line = sorted((each for each in known if not is_reenactment(each)), key=place)
    kept = {max(known, key=place).version} if known else set()
    changed = [before.version for before, after in pairwise(line) if _meaning(before) != _meaning(after)]
    return kept | set(changed[-1:])


def _meaning(manifest: Manifest) -> tuple[object, object]:
    return manifest.metadata["config_hash"], manifest.metadata.get("definitions_hash")
