"""dbt's events reach who listens, but for those that only its debug log would hold."""

from __future__ import annotations

from dbt.adapters.events.types import SQLQuery
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager_client import get_event_manager
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note

from retention_pipeline.defs.dbt_events import without_debug_events


def test_debug_events_are_dropped_and_all_others_are_heard() -> None:
    heard: list[str] = []
    before = get_event_manager()
    with without_debug_events():
        get_event_manager().add_callback(lambda event: heard.append(event.info.level))
        fire_event(SQLQuery(conn_name="model", sql="select 1"))
        fire_event(Note(msg="anything"), level=EventLevel.DEBUG)
        for level in (EventLevel.INFO, EventLevel.WARN, EventLevel.ERROR):
            fire_event(Note(msg="anything"), level=level)
    assert heard == ["info", "warn", "error"]
    assert get_event_manager() is before


def test_nothing_is_written_before_dbt_has_read_its_arguments() -> None:
    with without_debug_events():
        assert not get_event_manager().loggers
