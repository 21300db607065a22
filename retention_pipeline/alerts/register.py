"""The register of incidents: what is open, since when, and which channel has been told of it.

Belongs here: merging findings, what is owed to whom, the file. Not here: what is wrong (``rules``), sending.

An incident is written down before anybody is told, and each channel's success after it. A process that dies between
sending and writing that down tells one channel a second time; it never keeps quiet about something.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from retention_pipeline.alerts.incident import Failure, Incident, Kind
from retention_pipeline.alerts.rules import Findings
from retention_pipeline.alerts.secrecy import safe, scrubbed_incident
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import files

SCHEMA = 1
KEPT = dt.timedelta(days=30)
"""How long an ended incident waits for a channel that does not answer."""


class Event(StrEnum):
    """What is said about an incident."""

    OPENED = "opened"
    REMINDER = "reminder"
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Told:
    """What a channel has last been told of an incident; None: nothing yet, although it existed at the time."""

    event: Event | None
    at: dt.datetime


@dataclass
class Entry:
    """One incident and who knows of it."""

    incident: Incident
    opened_at: dt.datetime
    ended_at: dt.datetime | None = None
    told: dict[str, Told] = field(default_factory=dict)

    def owed(self, channel: str, now: dt.datetime, remind: dt.timedelta) -> Event | None:
        """What the channel is yet to be told."""
        told = self.told.get(channel)
        knows = told is not None and told.event not in {None, Event.RESOLVED}
        if self.ended_at is not None:
            return Event.RESOLVED if told is not None and told.event is not Event.RESOLVED else None
        if not knows:
            return Event.OPENED
        return Event.REMINDER if told is not None and remind and now - told.at >= remind else None


@dataclass
class Register:
    """All incidents that are open or that somebody has yet to hear the end of, and failures no success has followed."""

    entries: dict[str, Entry] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)

    @property
    def open(self) -> list[Entry]:
        """Open incidents, the oldest first."""
        found = [entry for entry in self.entries.values() if entry.ended_at is None]
        return sorted(found, key=lambda entry: (entry.opened_at, entry.incident.key))

    def note_failures(self, failures: Iterable[Failure], last_success: dt.datetime | None) -> None:
        """Add failures, the latest of each key; drop those that a success has followed."""
        self.failures |= {failure.key: failure for failure in failures}
        if last_success is not None:
            self.failures = {key: one for key, one in self.failures.items() if one.at > last_success}

    def merge(self, findings: Findings, now: dt.datetime, channels: Collection[str]) -> None:
        """Open what is new, end what is over, keep what could not be looked at."""
        for incident in map(scrubbed_incident, findings.incidents):
            entry = self.entries.setdefault(incident.key, Entry(incident, now))
            entry.incident = incident
            if entry.ended_at is not None:
                entry.opened_at, entry.ended_at = now, None
        found = {safe(key) for key in findings.undecided} | {safe(each.key) for each in findings.incidents}
        for key, entry in self.entries.items():
            if entry.ended_at is None and key not in found and entry.incident.kind not in findings.unexamined:
                entry.ended_at = now
        for entry in self.open:
            for channel in channels:
                entry.told.setdefault(channel, Told(None, now))
        self.entries = {key: entry for key, entry in self.entries.items() if _is_needed(entry, now, channels)}

    def owed(self, channel: str, now: dt.datetime, remind: dt.timedelta) -> Iterator[tuple[Event, Entry]]:
        """What the channel is yet to be told, the oldest incident first."""
        for entry in sorted(self.entries.values(), key=lambda entry: (entry.opened_at, entry.incident.key)):
            event = entry.owed(channel, now, remind)
            if event is not None:
                yield event, entry

    def record(self, channel: str, event: Event, keys: Iterable[str], now: dt.datetime) -> None:
        """The channel has taken a message about these incidents."""
        for key in keys:
            if key in self.entries:
                self.entries[key].told[channel] = Told(event, now)

    def prune(self, now: dt.datetime, channels: Collection[str]) -> None:
        """Forget what is over and known to be over."""
        self.entries = {key: entry for key, entry in self.entries.items() if _is_needed(entry, now, channels)}


def _is_needed(entry: Entry, now: dt.datetime, channels: Collection[str]) -> bool:
    if entry.ended_at is None:
        return True
    waiting = any(entry.owed(channel, now, dt.timedelta()) for channel in channels)
    return waiting and now - entry.ended_at < KEPT


def load(home: Home) -> Register:
    """The register; an empty one where there is none, or none that can be read (everything open is told again)."""
    try:
        content = json.loads(home.incidents.read_text(encoding="utf-8"))
        entries = [_entry(each) for each in content["incidents"]]
        failures = [_failure(each) for each in content["failures"]]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Register()
    return Register({each.incident.key: each for each in entries}, {each.key: each for each in failures})


def save(home: Home, register: Register) -> None:
    """Write the register, if it differs from what the file says; to be called by the holder of ``incidents.lock``.

    Raises:
        OSError: The home directory cannot be written.
    """
    content = {
        "schema": SCHEMA,
        "incidents": [asdict(entry) for entry in register.entries.values()],
        "failures": [asdict(failure) for failure in register.failures.values()],
    }
    data = (json.dumps(content, indent=1, default=_text) + "\n").encode()
    if (home.incidents.read_bytes() if home.incidents.exists() else None) == data:
        return
    if not home.incidents.exists() and not register.entries and not register.failures:
        return
    for leftover in home.root.glob(f"{files.TEMPORARY}{home.incidents.name}-*"):
        leftover.unlink(missing_ok=True)
    files.replace_atomically(home.incidents, data, files.PRIVATE_FILE)


def _text(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _entry(content: dict[str, Any]) -> Entry:
    told = {
        channel: Told(each["event"] and Event(each["event"]), dt.datetime.fromisoformat(each["at"]))
        for channel, each in content["told"].items()
    }
    incident = Incident(**{**content["incident"], "kind": Kind(content["incident"]["kind"])})
    ended = content["ended_at"]
    return Entry(
        incident,
        dt.datetime.fromisoformat(content["opened_at"]),
        dt.datetime.fromisoformat(ended) if ended else None,
        told,
    )


def _failure(content: dict[str, Any]) -> Failure:
    return Failure(**{**content, "kind": Kind(content["kind"]), "at": dt.datetime.fromisoformat(content["at"])})
