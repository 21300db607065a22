"""Where everything of one shop is kept: the layout of a home directory.

Belongs here: paths. Not here: creating, reading or writing what the paths point to.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """The layout below one home directory; every path of the product comes from here."""

    root: Path

    @property
    def lock(self) -> Path:
        """The file whose ``flock`` admits one writer."""
        return self.root / "writer.lock"

    @property
    def id_key(self) -> Path:
        """The generated key for hashing customer ids (mode 600)."""
        return self.root / "keys" / "id.key"

    @property
    def erasures(self) -> Path:
        """The log of erasures (mode 600): who must never come back, and the proof of what was removed."""
        return self.root / "erasures.jsonl"

    @property
    def store(self) -> Path:
        """The delivery store: accepted rows, quarantined rows, catalogue (schema ``raw``)."""
        return self.root / "store.duckdb"

    @property
    def build(self) -> Path:
        """The private build file of the current run (schemas staging … metrics)."""
        return self.root / "build" / "build.duckdb"

    @property
    def build_state(self) -> Path:
        """Which stage of the build file was made from which inputs."""
        return self.root / "build" / "state.json"

    @property
    def dbt_target(self) -> Path:
        """Where dbt writes compiled SQL, run results and logs."""
        return self.root / "dbt"

    @property
    def dagster(self) -> Path:
        """The Dagster instance (run history, event log)."""
        return self.root / "dagster"

    @property
    def published(self) -> Path:
        """Published versions, the ``CURRENT`` pointer and the ``current`` link."""
        return self.root / "published"

    @property
    def current_pointer(self) -> Path:
        """The file that names the current version; the only truth about it."""
        return self.published / "CURRENT"

    @property
    def current_link(self) -> Path:
        """A symbolic link for tools that want a path; follows the pointer."""
        return self.published / "current"

    @property
    def report(self) -> Path:
        """The report's page, where it is written unless another place is named."""
        return self.root / "report.html"

    @property
    def incidents(self) -> Path:
        """Open incidents and who has been told of them (mode 600)."""
        return self.root / "incidents.json"

    @property
    def incidents_lock(self) -> Path:
        """The file whose ``flock`` admits one change of the incidents at a time."""
        return self.root / "incidents.lock"

    @property
    def sending_lock(self) -> Path:
        """The file whose ``flock`` admits one sender of alerts at a time."""
        return self.root / "sending.lock"

    @property
    def alive(self) -> Path:
        """The dead-man's file: last success and last attempt, readable by everybody."""
        return self.root / "alive.json"

    @property
    def running(self) -> Path:
        """One locked file for each run that has a process: those at work and those that wait for the lock."""
        return self.root / "running"

    @property
    def temporary(self) -> Path:
        """Scratch space of the running writer; emptied by the next run."""
        return self.root / "tmp"

    @property
    def beside_tables(self) -> tuple[Path, ...]:
        """Files and folders of the product that are neither tables nor keys: histories, messages, locks, the report."""
        return (
            self.dagster, self.dbt_target, self.running, self.report, self.alive, self.incidents, self.incidents_lock,
            self.sending_lock, self.lock,
        )  # fmt: skip
