"""One file on its way into the store.

Belongs here: what is known about a delivery between finding the file and recording it. Not here: doing any of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from retention_pipeline.intake.catalogue import delivery_id
from retention_pipeline.intake.discover import Found
from retention_pipeline.intake.encoding import CHUNK
from retention_pipeline.intake.mapping import Binding
from retention_pipeline.intake.read_exact import BrokenRow
from retention_pipeline.intake.refusal import FileRefusedError


@dataclass
class Counts:
    """What became of the records of one delivery."""

    loaded: int = 0
    quarantined: int = 0
    suppressed: int = 0


@dataclass
class Delivery:
    """One file, its address, and what reading it has shown so far."""

    found: Found
    delivery_id: str
    content_sha256: str
    stamp: tuple[int, int, int]
    records: int = 0
    header: tuple[str, ...] = ()
    binding: Binding | None = None
    typed: frozenset[str] = frozenset()
    """Contract columns whose text was written from typed values."""
    broken: list[BrokenRow] = field(default_factory=list)
    refusal: FileRefusedError | None = None
    counts: Counts = field(default_factory=Counts)

    def refuse(self, refusal: FileRefusedError) -> None:
        """Nothing of this file is taken in."""
        self.refusal = refusal
        self.records = self.records or refusal.records
        self.broken = []
        self.counts = Counts()

    @property
    def has_changed(self) -> bool:
        """Whether the file was written to since its checksum was taken."""
        return stamp_of(self.found.path) != self.stamp


def stamp_of(path: Path) -> tuple[int, int, int]:
    """What changes when a file is written to: size, time and inode."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def address(found: Found, source: str, mapping: str) -> Delivery:
    """Read a file once for its checksum, which with source, date and mapping is its address."""
    stamp = stamp_of(found.path)
    digest = hashlib.sha256()
    with found.path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    content = digest.hexdigest()
    name = delivery_id(source, found.business_date, content, mapping)
    return Delivery(found, name, content, stamp, typed=found.typed)
