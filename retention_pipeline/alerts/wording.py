"""Messages: what is said in a chat, to a program, in a mail.

Belongs here: texts and payloads. Not here: sending them (``channels``), what is wrong (``rules``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from retention_pipeline.alerts.incident import Incident, Kind
from retention_pipeline.alerts.register import Entry, Event
from retention_pipeline.alerts.secrecy import safe

WEBHOOK_SCHEMA = 1
TEST = "test"
SHOWN = 10
_LONGEST = 1500
_HEADS = {
    Event.OPENED: "",
    Event.REMINDER: "still open: ",
    Event.RESOLVED: "resolved: ",
}


@dataclass(frozen=True)
class Announcement:
    """One message: incidents of one kind to which the same has happened; none in a test message.

    Incidents of one kind that open in the same look are said together: a source that stops, or a shop whose behaviour
    changes, is one message and not fifty.
    """

    event: Event | None
    shop: str
    at: dt.datetime
    entries: tuple[Entry, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The incidents it is about."""
        return tuple(entry.incident.key for entry in self.entries)

    @property
    def title(self) -> str:
        """One line."""
        if self.event is None:
            return safe(f"{self.shop}: test message; alerts of this shop arrive here")
        first, more = self.entries[0].incident, len(self.entries) - 1
        also = f" (and {more} more of this kind)" if more else ""
        title = safe(f"{self.shop}: {_HEADS[self.event]}{first.kind.words}: {first.title}{also}")
        return "".join(sign if sign.isprintable() else " " for sign in title)

    @property
    def text(self) -> str:
        """The whole message for people, without its title."""
        shown = [_describe(entry, self.event) for entry in self.entries[:SHOWN]]
        if len(self.entries) > SHOWN:
            shown.append(f"... and {len(self.entries) - SHOWN} more; `retention status` lists them")
        return "\n\n".join(shown) if shown else "Nothing is wrong. Somebody ran `retention alert-test`."


def announcements(owed: Iterable[tuple[Event, Entry]], shop: str, at: dt.datetime) -> list[Announcement]:
    """What is owed to one channel, as messages: one for each event and kind."""
    groups: dict[tuple[Event, Kind], list[Entry]] = {}
    for event, entry in owed:
        groups.setdefault((event, entry.incident.kind), []).append(entry)
    return [Announcement(event, shop, at, tuple(entries)) for (event, _), entries in groups.items()]


def _describe(entry: Entry, event: Event | None) -> str:
    incident = entry.incident
    if event is Event.RESOLVED and entry.ended_at is not None:
        span = f"open from {_minute(entry.opened_at)} to {_minute(entry.ended_at)}"
        return f"{incident.title}\n{span}\nserved now: {incident.still_served}"
    return "\n".join(
        (
            f"what: {incident.title}",
            *(f"  {line}" for line in _cut(incident.detail).splitlines()),
            f"where: {incident.where}",
            f"since: {_minute(entry.opened_at)}",
            f"still served: {incident.still_served}",
            f"what to do: {incident.remedy}",
        )
    )


def slack_payload(announcement: Announcement) -> dict[str, Any]:
    """What Slack's incoming webhooks (and those that imitate them) take."""
    text = f"*{announcement.title}*\n{announcement.text}"
    for sign, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, escaped)
    return {"text": text}


def webhook_payload(announcement: Announcement) -> dict[str, Any]:
    """The documented object of the generic webhook; fields are added, never renamed, within a schema version."""
    return {
        "schema": WEBHOOK_SCHEMA,
        "event": announcement.event.value if announcement.event else TEST,
        "shop": safe(announcement.shop),
        "sent_at": announcement.at.isoformat(timespec="seconds"),
        "title": announcement.title,
        "incidents": [_fields(entry) for entry in announcement.entries],
    }


def _fields(entry: Entry) -> dict[str, str | None]:
    incident: Incident = entry.incident
    return {
        "key": incident.key,
        "kind": incident.kind.value,
        "severity": incident.severity,
        "title": incident.title,
        "detail": _cut(incident.detail),
        "where": incident.where,
        "still_served": incident.still_served,
        "remedy": incident.remedy,
        "opened_at": entry.opened_at.isoformat(timespec="seconds"),
        "ended_at": entry.ended_at.isoformat(timespec="seconds") if entry.ended_at else None,
    }


def mail(announcement: Announcement, sender: str, recipients: Iterable[str]) -> EmailMessage:
    """A plain text mail."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = announcement.title[:200]
    message["Date"] = format_datetime(announcement.at)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(announcement.text + "\n")
    return message


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST].rsplit("\n", 1)[0] + "\n..."


def _minute(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
