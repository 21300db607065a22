"""One file on its way into the store.

Belongs here: what is known about a delivery between finding the file and recording it. Not here: doing any of it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from retention_pipeline.intake.catalogue import delivery_id
from retention_pipeline.intake.discover import Found
from retention_pipeline.intake.encoding import CHUNK
from retention_pipeline.intake.mapping import Binding, MissingColumnsError
from retention_pipeline.intake.read_exact import BrokenRow
from retention_pipeline.intake.refusal import FileRefusedError
from retention_pipeline.intake.report import Refusal


@dataclass
class Counts:
    """What became of the records of one delivery."""

    loaded: int = 0
    quarantined: int = 0
    suppressed: int = 0
    erased: int = 0


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

    def check_date(self, received_date: dt.date) -> None:
        """Refuse a file of a day that nobody can know of yet: orders of 2062 would let everything wait until then.

        A shop may be a time zone ahead of the machine, so the day after the one of arrival is none of these.
        """
        day = self.found.business_date
        if day is not None and day > received_date + dt.timedelta(days=1):
            self.refuse(
                FileRefusedError(
                    "date_in_future",
                    f"the name says {day}, the file was received on {received_date}",
                    "rename the file to the day it is about",
                )
            )

    def lacks(self, name: str) -> bool:
        """Whether it was refused for having no such column."""
        return isinstance(self.refusal, MissingColumnsError) and name in self.refusal.missing

    @property
    def columns_found(self) -> str | None:
        """Contract columns that it has, separated by commas; None where it was not read."""
        return None if self.binding is None else ",".join(self.binding.columns)

    @property
    def has_changed(self) -> bool:
        """Whether the file was written to, or taken away, since its checksum was taken."""
        try:
            return stamp_of(self.found.path) != self.stamp
        except OSError:
            return True


def unreadable(error: OSError) -> FileRefusedError:
    """The refusal of a file that the operating system does not give, or no longer."""
    return FileRefusedError(
        "unreadable_file", error.strerror or type(error).__name__, "check that it is there, and its permissions"
    )


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


def refusal_of(source: str, delivery: Delivery) -> Refusal:
    """The refusal of a delivery, as it is reported."""
    if delivery.refusal is None:
        raise ValueError(f"{delivery.found.shown} was not refused")
    return reported(source, delivery.found, delivery.refusal)


def reported(source: str, found: Found, refusal: FileRefusedError) -> Refusal:
    """A refusal of a file, as it is reported."""
    return Refusal(source, found.shown, refusal.reason, refusal.detail, refusal.remedy)


def in_batches(deliveries: Sequence[Delivery], most: int, most_bytes: int) -> Iterator[list[Delivery]]:
    """Deliveries in their order, bounded in number and in bytes (a larger file is a batch of its own)."""
    batch: list[Delivery] = []
    size = 0
    for delivery in deliveries:
        batch.append(delivery)
        size += delivery.stamp[0]
        if len(batch) >= most or size >= most_bytes:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
