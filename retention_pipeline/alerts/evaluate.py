"""One evaluation: look, write down what is wrong, tell who has not been told, write down who has.

Belongs here: the order of these steps and the locks around them. Not here: any of the steps.

The register is written before anything is sent. Two locks keep processes apart: ``incidents.lock`` for the moment of a
change, ``sending.lock`` for the seconds that targets may take, so that no run waits to write down what it has seen.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from retention_pipeline.alerts import alive, clock, failures, register
from retention_pipeline.alerts.channels import Channel, configured_channels
from retention_pipeline.alerts.incident import Failure
from retention_pipeline.alerts.observe import Observations, observe
from retention_pipeline.alerts.register import Entry, Register
from retention_pipeline.alerts.rules import find_incidents
from retention_pipeline.alerts.secrecy import scrubbed_failure
from retention_pipeline.alerts.sending import TOTAL_SECONDS, send_all
from retention_pipeline.alerts.wording import Announcement, announcements
from retention_pipeline.config import Settings
from retention_pipeline.core.errors import BusyError, StorageError
from retention_pipeline.core.failpoints import failpoint
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse.files import os_errors
from retention_pipeline.warehouse.lock import exclusive

_REGISTER_WAIT = 5.0
_OF = "of this shop"


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation came to.

    Attributes:
        open: Open incidents, the oldest first.
        problems: What did not work, as text for people; nothing of it is lost, the next evaluation tries again.
    """

    open: tuple[Entry, ...]
    problems: tuple[str, ...]


def evaluate(
    settings: Settings,
    *,
    failure: Failure | None = None,
    thorough: bool = False,
    patience: float = TOTAL_SECONDS,
    interrupted: bool = False,
    now: dt.datetime | None = None,
) -> Evaluation:
    """Look at the home directory and tell people what they have not been told.

    Args:
        settings: The shop.
        failure: How the run that calls this ended, when it ended badly.
        thorough: As for ``observe``.
        patience: Seconds that targets may take in all.
        interrupted: As for ``observe``.
        now: This instant; the clock's when omitted.

    Raises:
        RetentionError: The home directory cannot be looked at. Targets that do not answer raise nothing.
    """
    moment = now or clock.instant()
    channels = configured_channels(settings.alerts)
    seen = observe(settings, moment, thorough=thorough, interrupted=interrupted)
    problems: list[str] = []
    with _register(settings.home, problems) as found:
        found.note_failures(map(scrubbed_failure, _failures(seen, failure)), seen.last_success)
        found.merge(find_incidents(seen, found.failures.values(), settings.alerts), moment, [c.name for c in channels])
    is_kept = not problems
    if channels:
        _tell(settings, None if is_kept else found, channels, moment, patience, problems)
    now_open = register.load(settings.home).open if is_kept else found.open
    return Evaluation(tuple(now_open), tuple(dict.fromkeys(problems)))


def send_test(settings: Settings) -> dict[str, str | None]:
    """Send a test message to every configured channel.

    Returns:
        By channel, None when it took the message, else why it did not.
    """
    channels = configured_channels(settings.alerts)
    message = Announcement(None, settings.shop.name, clock.instant())
    done = send_all({channel.name: [message] for channel in channels}, channels)
    return {name: delivery.problem for name, delivery in done.items()}


def _failures(seen: Observations, failure: Failure | None) -> Iterator[Failure]:
    if seen.killed is not None:
        yield failures.killed(seen.killed.run_id, alive.moment(seen.killed.started_at))
    explained = failure is not None and failure.is_refusal and seen.deliveries is not None and seen.deliveries.refused
    if failure is not None and not explained:
        yield failure


@contextlib.contextmanager
def _register(home: Home, problems: list[str]) -> Iterator[Register]:
    """The register, changed inside the block and written after it.

    Where it cannot be written (the disk is full, which is when alerts matter), the block still has what can be read,
    and people are told again next time rather than not at all.
    """
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(exclusive(home.incidents_lock, run=_OF, purpose="alerts", wait_seconds=_REGISTER_WAIT))
        except (BusyError, StorageError) as error:
            problems.append(f"the register of incidents cannot be kept: {error.message}")
            yield register.load(home)
            return
        found = register.load(home)
        yield found
        try:
            with os_errors(home.incidents):
                register.save(home, found)
        except StorageError as error:
            problems.append(f"the register of incidents cannot be kept: {error.message}")


def _tell(
    settings: Settings,
    unsaved: Register | None,
    channels: list[Channel],
    moment: dt.datetime,
    patience: float,
    problems: list[str],
) -> None:
    """Send what is owed and write down what arrived.

    Args:
        settings: The shop.
        unsaved: The register where it could not be written; else it is read again, after waiting for other senders.
        channels: To whom.
        moment: This instant.
        patience: Seconds that targets, or another sender, may take.
        problems: What did not work is added to it.
    """
    home, remind = settings.home, dt.timedelta(hours=settings.alerts.remind_hours)
    with contextlib.ExitStack() as held:
        if unsaved is None:
            try:
                held.enter_context(_sole_sender(home, patience))
            except (BusyError, StorageError) as error:
                problems.append(f"alerts are kept and sent next time: {error.message}")
                return
        known = unsaved or register.load(home)
        owed = {
            channel.name: announcements(known.owed(channel.name, moment, remind), settings.shop.name, moment)
            for channel in channels
        }
        if not any(owed.values()):
            return
        done = send_all(owed, channels, seconds=patience)
        failpoint("alerts.after_send")
        problems += [
            f"alert not delivered to {name}: {each.problem}; it is kept and sent again next time"
            for name, each in done.items()
            if each.problem
        ]
        with _register(home, problems) as found:
            for name, each in done.items():
                for message in each.delivered:
                    if message.event is not None:
                        found.record(name, message.event, message.keys, moment)
            found.prune(moment, [channel.name for channel in channels])


def _sole_sender(home: Home, patience: float) -> contextlib.AbstractContextManager[object]:
    return exclusive(home.sending_lock, run=_OF, purpose="alerts", wait_seconds=patience)
