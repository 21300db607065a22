"""Sending what is owed, to all channels at once and within a fixed time.

Belongs here: threads, the time limit, who got what. Not here: the single send (``channels``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from retention_pipeline.alerts.channels import Channel, reason_of
from retention_pipeline.alerts.wording import Announcement

TOTAL_SECONDS = 8.0
"""After so long whatever is still under way counts as not delivered."""


@dataclass
class Delivery:
    """What became of the messages for one channel."""

    delivered: list[Announcement] = field(default_factory=list)
    problem: str | None = None
    """Why the rest was not delivered."""


def send_all(
    owed: Mapping[str, Sequence[Announcement]], channels: Sequence[Channel], *, seconds: float = TOTAL_SECONDS
) -> dict[str, Delivery]:
    """Send to every channel what it is owed; a channel that fails once is left alone for this time.

    Each channel has a thread of its own, so that a dead one takes no time from the others; the threads do not keep the
    process from ending.

    Returns:
        One entry for each channel that was owed something.
    """
    deadline = time.monotonic() + seconds
    results = {channel.name: Delivery() for channel in channels if owed.get(channel.name)}
    threads = {
        channel.name: threading.Thread(
            target=_send, args=(channel, owed[channel.name], results[channel.name], deadline), daemon=True
        )
        for channel in channels
        if channel.name in results
    }
    for thread in threads.values():
        thread.start()
    final = {}
    for name, thread in threads.items():
        thread.join(max(0.0, deadline - time.monotonic()))
        late = "no answer in time" if thread.is_alive() else None
        # a copy: a thread that is late must not change what has been reported
        final[name] = Delivery(list(results[name].delivered), results[name].problem or late)
    return final


def _send(channel: Channel, messages: Sequence[Announcement], result: Delivery, deadline: float) -> None:
    for message in messages:
        if time.monotonic() >= deadline:
            result.problem = "no time was left"
            return
        try:
            channel.send(message)
        except Exception as error:  # noqa: BLE001  # whatever a target does, the run it is about goes on
            result.problem = reason_of(error)
            return
        result.delivered.append(message)
