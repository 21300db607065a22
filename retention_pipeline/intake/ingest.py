"""Taking in whatever has been delivered.

Belongs here: the order of things for all sources. Not here: each of the things.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retention_pipeline.config import Settings
from retention_pipeline.core.erased import Erased
from retention_pipeline.core.errors import ConfigError
from retention_pipeline.core.progress import Progress
from retention_pipeline.core.window import EVERYTHING, Window
from retention_pipeline.intake.before import Before
from retention_pipeline.intake.catalogue import (
    ACCEPTED,
    Known,
    known_deliveries,
    make_current,
    next_sequence,
    settle,
    settle_database,
    transaction,
)
from retention_pipeline.intake.contracts import contract_of
from retention_pipeline.intake.database import DatabaseIntake
from retention_pipeline.intake.delivery import Delivery, address, in_batches, refusal_of, reported, unreadable
from retention_pipeline.intake.discover import Landing, discover
from retention_pipeline.intake.fields import Contract
from retention_pipeline.intake.limits import find_excess
from retention_pipeline.intake.load import Batch, clear_staging
from retention_pipeline.intake.mapping import check_mapping, mapping_hash
from retention_pipeline.intake.notes import Notes
from retention_pipeline.intake.report import IntakeReport, Refusal, SourceReport

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAX_FILES = 400
MAX_BYTES = 64 << 20
_SETTINGS = ("SET TimeZone = 'UTC'", "SET preserve_insertion_order = true")


def ingest(
    connection: DuckDBPyConnection,
    settings: Settings,
    id_key: bytes,
    *,
    received_date: dt.date,
    progress: Progress,
    window: Window = EVERYTHING,
    erased: Erased | None = None,
) -> IntakeReport:
    """Find the files of all configured sources and take in what is new.

    Each batch of deliveries is one transaction: a process that dies leaves every delivery wholly in or wholly out, and
    the next run goes on from there. Refused files are recorded and reported, not raised.

    Args:
        connection: The store, schema ``raw`` created.
        settings: The shop.
        id_key: Key of the customer hashes.
        received_date: The day of arrival; later dates are in the future.
        progress: Told after each batch.
        window: Business dates to take in.
        erased: Whose records are counted and not stored.

    Raises:
        ConfigError: The mapping contradicts the contract.
        InputRefusedError: A source has no file at all.
        StorageError: The store or the scratch space cannot be written.
    """
    scratch = settings.home.temporary / "intake"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    report = IntakeReport()
    try:
        intakes = [SourceIntake.plan(connection, settings, name, window) for name in settings.sources.configured()]
        for intake in intakes:
            intake.erased = erased
            report.sources[intake.contract.source] = intake.report
            report.refused += intake.run(id_key, received_date, scratch, progress)
    finally:
        clear_staging(connection)
        shutil.rmtree(scratch, ignore_errors=True)
    report.excess = find_excess(connection, settings)
    return report


@dataclass
class SourceIntake:
    """One source: its files, and what the store knows about them."""

    connection: DuckDBPyConnection
    settings: Settings
    contract: Contract
    landing: Landing
    known: dict[str, Known]
    mapping: str
    report: SourceReport
    window: Window = EVERYTHING
    database: DatabaseIntake | None = None
    erased: Erased | None = None
    history: str = "raw"  # the schema of what was taken in before, with which new files are compared

    @classmethod
    def plan(
        cls,
        connection: DuckDBPyConnection,
        settings: Settings,
        name: str,
        window: Window = EVERYTHING,
        *,
        sample: int | None = None,
    ) -> SourceIntake:
        """Check the mapping and find the files (or the table), before anything is read."""
        for setting in _SETTINGS:
            connection.execute(setting)
        contract = contract_of(settings, name)
        check_mapping(connection, settings, contract)
        known = known_deliveries(connection, name)
        landing = discover(settings, name, has_deliveries=bool(known)).within(window)
        mapping, database = mapping_hash(settings, name), None
        if settings.sources.configured()[name].is_database:
            database = DatabaseIntake.plan(connection, settings, contract, mapping, window, sample)
        return cls(connection, settings, contract, landing, known, mapping, SourceReport(name), window, database)

    def run(self, id_key: bytes, received_date: dt.date, scratch: Path, progress: Progress) -> list[Refusal]:
        """Take in what is new of this source; returns the files that are refused as they lie there now."""
        refused: list[Refusal] = []
        told: list[str] = []
        if self.database is not None:
            self.landing, told = self.database.read(id_key, received_date, scratch, progress)
        found = self._address(refused)
        before = {name for name, known in self.known.items() if known.is_current}
        fresh = self._sort_out(found)
        sequence = next_sequence(self.connection)
        notes = Notes(self.connection, self.settings, self.contract, self.landing)
        earlier = Before.of(self.connection, self.settings, self.contract, self.mapping, self.history)
        done = len(found) - len(fresh)
        for deliveries in self._batches(fresh):
            batch = Batch(self.connection, self.settings, self.contract, deliveries, self.erased)
            batch.prepare(id_key, received_date, scratch, earlier)
            self._check_segments(deliveries)
            batch.commit(self.mapping, sequence, received_date, self.known)
            self._tell(batch)
            notes.see(batch)
            refused += [refusal_of(self.contract.source, delivery) for delivery in deliveries if delivery.refusal]
            done += len(deliveries)
            progress.step(f"{self.contract.source}: {deliveries[-1].found.shown}", done, len(found))
        present = {delivery.delivery_id for delivery in found}
        withdrawn = self._settle(present)
        after = known_deliveries(self.connection, self.contract.source)
        self.report.deliveries_superseded = sum(not after[name].is_current for name in before)
        told += earlier.profiles.warnings()
        self.report.warnings = told + notes.warnings(withdrawn, self._left_behind(after, present))
        return refused

    def _address(self, refused: list[Refusal]) -> list[Delivery]:
        """All files with their checksums; a file that cannot be read has none and is refused without a record."""
        found = []
        for file in self.landing.files:
            try:
                found.append(address(file, self.contract.source, self.mapping))
            except OSError as error:
                refused.append(reported(self.contract.source, file, unreadable(error)))
        self.report.deliveries_refused += len(refused)
        return found

    def _settle(self, present: Collection[str]) -> list[str]:
        source, name = self.settings.sources.configured()[self.contract.source], self.contract.source
        if self.database is not None:
            return settle_database(
                self.connection, name, kind=source.kind, mapping=self.mapping, present=present, window=self.window
            )
        return settle(self.connection, name, is_dated=source.is_dated, present=present, window=self.window)

    def _sort_out(self, found: Sequence[Delivery]) -> list[Delivery]:
        """Files to be read; content that was accepted before counts again without being read."""
        fresh, restored = [], []
        for delivery in found:
            known = self.known.get(delivery.delivery_id)
            if known is None or known.status != ACCEPTED:
                fresh.append(delivery)
            elif known.is_current:
                self.report.deliveries_unchanged += 1
            else:
                restored.append(delivery.delivery_id)
        if restored:
            with transaction(self.connection):
                make_current(self.connection, restored)
        self.report.deliveries_restored = len(restored)
        return fresh

    def _batches(self, fresh: Sequence[Delivery]) -> Iterator[list[Delivery]]:
        """Bounded in files and bytes; typed files under a notation of their own for text go one by one."""
        source = self.settings.sources.configured()[self.contract.source]
        is_default = (source.timestamp_format, source.decimal, source.thousands) == ("iso", ".", "")
        is_text = source.format == "csv" and source.select is None
        most = MAX_FILES if is_text or is_default else 1
        return in_batches(fresh, most, MAX_BYTES)

    def _check_segments(self, deliveries: Sequence[Delivery]) -> None:
        """A segment that no file has ever had is a mistake in the configuration, not in the files."""
        mapped = self.settings.sources.configured()[self.contract.source].columns
        unmapped = {name for name in self.contract.attributes if name not in mapped}
        if not unmapped or any(known.mapping_hash == self.mapping for known in self.known.values()):
            return
        for name in sorted(unmapped):
            if all(delivery.lacks(name) for delivery in deliveries) and not self.report.deliveries_new:
                raise ConfigError(
                    f"{self.settings.config_path}: shop.segments: {name!r} is neither mapped under"
                    f" [sources.{self.contract.source}.columns] nor a column of {deliveries[0].found.shown}",
                    remedy=f'write {name} = "<column of the file>" there, or take it out of shop.segments',
                )

    def _tell(self, batch: Batch) -> None:
        report = self.report
        for delivery in batch.deliveries:
            if delivery.refusal is not None:
                report.deliveries_refused += 1
                continue
            report.deliveries_new += 1
            if delivery.found.business_date is not None:
                report.days_new.add(delivery.found.business_date)
            for name, count in {"records": delivery.records, **vars(delivery.counts)}.items():
                setattr(report, name, getattr(report, name) + count)
            if delivery.binding is not None:
                report.columns, report.unread = delivery.binding.columns, delivery.binding.unread
        report.reasons += batch.reasons
        report.reject(batch.rejected)

    def _left_behind(self, after: Mapping[str, Known], present: Collection[str]) -> int:
        """Current deliveries read under another mapping whose files are gone."""
        return sum(
            known.is_current
            and known.mapping_hash != self.mapping
            and name not in present
            and known.business_date in self.window
            for name, known in after.items()
        )
