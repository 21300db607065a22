"""What dbt tells of its work, as far as somebody listens.

Belongs here: the events of dbt. Not here: running it (``dbt``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def without_debug_events() -> Iterator[None]:
    """Inside the block dbt's debug events are dropped before a message is made of them.

    There are some 5,000 in a run: two for each statement, its text, its state. dbt makes a message of each, writes it
    out and searches it for secrets before its log, which holds what matters (``info``), throws it away: a quarter of
    the time that dbt needs besides its statements. Nothing is written to the terminal either, also not by what comes
    before dbt has read its arguments.
    """
    from dbt_common.events.base_types import EventLevel
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.event_manager_client import ctx_set_event_manager, get_event_manager

    class Terse(EventManager):
        def fire_event(self, e: Any, level: Any = None, *arguments: Any, **named: Any) -> None:
            if (level or e.level_tag()) != EventLevel.DEBUG:
                super().fire_event(e, level, *arguments, **named)

    before = get_event_manager()
    ctx_set_event_manager(Terse())
    try:
        yield
    finally:
        ctx_set_event_manager(before)
