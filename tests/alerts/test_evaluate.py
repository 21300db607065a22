"""Who is told what, and how often."""

from __future__ import annotations

import datetime as dt
import json
import multiprocessing
import os
import signal
import stat
import time
from contextlib import nullcontext
from pathlib import Path

import duckdb
import pytest

from retention_pipeline.alerts import alive, failures, register
from retention_pipeline.alerts.evaluate import evaluate
from retention_pipeline.core.errors import (
    BusyError,
    ExitCode,
    GateFailedError,
    InputRefusedError,
    RunInterruptedError,
    StorageError,
)
from retention_pipeline.warehouse.arrivals import show_deliveries
from retention_pipeline.warehouse.lock import writer_lock
from retention_pipeline.warehouse.store import open_store
from tests.alerts.conftest import NOW
from tests.alerts.home import Shop, limits
from tests.alerts.sinks import HANGING, HttpSink, SmtpSink, refusing_port, serving

HOUR = dt.timedelta(hours=1)
REFUSED = "empty_file: it has zero bytes"


def events(sink: HttpSink) -> list[tuple[str, list[str]]]:
    return [(body["event"], [each["kind"] for each in body["incidents"]]) for body in sink.bodies]


def refuse(shop: Shop) -> None:
    shop.deliver("orders", dt.date(2025, 2, 27), refusal=REFUSED)


def mend(shop: Shop) -> None:
    shop.deliver("orders", dt.date(2025, 2, 27))


def test_what_the_last_run_looked_back_from_is_no_gap(shop: Shop) -> None:
    """A run for a past date lets the catalogue show what counted then; files that came since are still there."""
    settings = shop.settings()
    days = [dt.date(2025, 2, 24) + dt.timedelta(days=number) for number in range(5)]
    shop.deliver("orders", *days)
    before = evaluate(settings, now=NOW).open
    with open_store(shop.home) as store:
        show_deliveries(store, days[1])
    assert evaluate(settings, now=NOW).open == before == ()


def test_a_store_of_which_a_block_cannot_be_read_silences_nothing_else(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.publish(orders_through="2025-01-01")
    shop.deliver("orders", dt.date(2025, 2, 27))

    class Damaged:
        def execute(self, *_: object) -> None:
            raise duckdb.IOException("Corrupt database file: computed checksum does not match")

    monkeypatch.setattr("retention_pipeline.alerts.observe.open_store", lambda *_, **__: nullcontext(Damaged()))
    assert [each.incident.kind for each in evaluate(shop.settings(), now=NOW).open] == ["freshness_missed"]


def test_an_incident_is_told_once_when_it_opens_and_once_when_it_ends(shop: Shop, hook: HttpSink) -> None:
    settings = shop.settings()
    refuse(shop)
    for hours in range(5):
        assert len(evaluate(settings, now=NOW + hours * HOUR).open) == 1
    assert events(hook) == [("opened", ["delivery_refused"])]
    mend(shop)
    for hours in range(5, 8):
        assert evaluate(settings, now=NOW + hours * HOUR).open == ()
    assert events(hook) == [("opened", ["delivery_refused"]), ("resolved", ["delivery_refused"])]
    refuse(shop)
    evaluate(settings, now=NOW + 9 * HOUR)
    assert [event for event, _ in events(hook)] == ["opened", "resolved", "opened"]


def test_the_message_says_what_where_what_is_served_and_what_to_do(shop: Shop, hook: HttpSink, slack: HttpSink) -> None:
    refuse(shop)
    evaluate(shop.settings(), now=NOW)
    (body,) = hook.bodies
    assert set(body) == {"schema", "event", "shop", "sent_at", "title", "incidents"}
    assert (body["schema"], body["shop"], body["sent_at"]) == (1, "Test", NOW.isoformat())
    (incident,) = body["incidents"]
    assert incident == {
        "key": "delivery_refused:orders:orders/2025-02-27.csv",
        "kind": "delivery_refused",
        "severity": "error",
        "title": "orders: the delivery for 2025-02-27 was refused",
        "detail": REFUSED,
        "where": "orders/2025-02-27.csv",
        "still_served": "v000001 of 2025-03-01, orders through 2025-02-28",
        "remedy": incident["remedy"],
        "opened_at": NOW.isoformat(),
        "ended_at": None,
    }
    assert "deliver a corrected file" in incident["remedy"]
    (chat,) = slack.bodies
    assert set(chat) == {"text"}
    for word in ("Test: delivery refused", "what: ", REFUSED, "where: orders/", "still served: v000001", "what to do:"):
        assert word in chat["text"]


def test_incidents_of_one_kind_that_open_together_are_one_message(shop: Shop, hook: HttpSink) -> None:
    shop.deliver("orders", *(dt.date(2025, 3, day) for day in range(2, 31, 2)))
    evaluate(shop.settings(freshness_days=0), now=NOW)
    assert events(hook) == [("opened", ["delivery_missing"] * 15)]
    assert "(and 14 more of this kind)" in hook.bodies[0]["title"]


def test_a_reminder_comes_at_most_so_often(shop: Shop, hook: HttpSink) -> None:
    settings = shop.settings(remind_hours=24, freshness_days=0)
    refuse(shop)
    for hours in (0, 23, 25, 26, 48, 50):
        evaluate(settings, now=NOW + hours * HOUR)
    assert [event for event, _ in events(hook)] == ["opened", "reminder", "reminder"]


def test_a_dead_channel_does_not_make_the_others_repeat_and_is_told_later(
    shop: Shop, hook: HttpSink, slack: HttpSink
) -> None:
    settings = shop.settings()
    slack.answer = 500
    refuse(shop)
    for hours in range(3):
        found = evaluate(settings, now=NOW + hours * HOUR)
        assert found.problems == ("alert not delivered to slack: it answered 500; it is kept and sent again next time",)
    assert len(hook.bodies) == 1
    assert slack.bodies == []
    slack.answer = 200
    assert evaluate(settings, now=NOW + 4 * HOUR).problems == ()
    evaluate(settings, now=NOW + 5 * HOUR)
    assert (len(hook.bodies), len(slack.bodies)) == (1, 1)


def test_an_incident_that_ended_while_a_channel_was_dead_is_still_told(
    shop: Shop, hook: HttpSink, slack: HttpSink
) -> None:
    settings = shop.settings()
    slack.answer = 503
    refuse(shop)
    evaluate(settings, now=NOW)
    mend(shop)
    evaluate(settings, now=NOW + HOUR)
    slack.answer = 200
    evaluate(settings, now=NOW + 2 * HOUR)
    evaluate(settings, now=NOW + 3 * HOUR)
    assert [event for event, _ in events(hook)] == ["opened", "resolved"]
    assert len(slack.bodies) == 1
    assert "open from 2025-03-02 09:30 UTC to 2025-03-02 10:30 UTC" in slack.bodies[0]["text"]
    assert register.load(shop.home).entries == {}


def test_a_channel_switched_on_later_hears_of_what_is_open(
    shop: Shop, hook: HttpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = os.environ["RETENTION_WEBHOOK_URL"]
    monkeypatch.delenv("RETENTION_WEBHOOK_URL")
    refuse(shop)
    evaluate(shop.settings(), now=NOW)
    monkeypatch.setenv("RETENTION_WEBHOOK_URL", url)
    evaluate(shop.settings(), now=NOW + HOUR)
    assert [event for event, _ in events(hook)] == ["opened"]


def test_what_cannot_be_looked_at_neither_opens_nor_ends(shop: Shop, hook: HttpSink) -> None:
    settings = shop.settings()
    refuse(shop)
    evaluate(settings, now=NOW)
    with writer_lock(shop.home, run="r"):
        assert len(evaluate(settings, now=NOW + HOUR).open) == 1
    assert len(hook.bodies) == 1


def test_a_metric_warns_until_its_next_complete_period_is_inside(shop: Shop, hook: HttpSink) -> None:
    settings = shop.settings()
    for month, verdict in enumerate(("below", "below", "insufficient", "in_control"), start=1):
        shop.publish(rows=[limits(verdict, month)])
        evaluate(settings, now=NOW + month * HOUR)
    assert events(hook) == [("opened", ["metric_out_of_control"]), ("resolved", ["metric_out_of_control"])]
    assert hook.bodies[0]["incidents"][0]["severity"] == "warning"
    shop.publish(rows=[limits("above")])
    evaluate(settings, now=NOW + 9 * HOUR)
    shop.publish(contract=2)  # a version without the table
    assert evaluate(settings, now=NOW + 10 * HOUR).open == ()


def test_failures_stay_open_until_a_run_succeeds(shop: Shop, hook: HttpSink) -> None:
    settings = shop.settings()
    gate = GateFailedError("gate marts: 1 check(s) failed\nFAILED marts.x: rate_in_range: a rate is within 0 and 1")
    full = StorageError("/somewhere: no space left", remedy="free space")
    for error in (gate, full, gate):
        evaluate(settings, failure=failures.failure_of(error, NOW), now=NOW)
    evaluate(settings, now=NOW + HOUR)
    assert events(hook) == [("opened", ["gate_failed"]), ("opened", ["run_failed"])]
    assert hook.bodies[0]["incidents"][0]["where"] == "gate marts"
    assert "rate_in_range" in hook.bodies[0]["incidents"][0]["detail"]
    assert hook.bodies[1]["incidents"][0]["remedy"] == "free space"
    alive.succeed(shop.home, "r2", version="v000002", unchanged=False, as_of="2025-03-01", data_through={})
    evaluate(settings, now=NOW + 2 * HOUR)
    assert events(hook)[2:] == [("resolved", ["gate_failed"]), ("resolved", ["run_failed"])]
    later = dt.datetime.now(dt.UTC) + HOUR
    evaluate(settings, failure=failures.failure_of(gate, later), now=NOW + 3 * HOUR)
    assert events(hook)[4:] == [("opened", ["gate_failed"])]


def test_a_refusal_is_told_as_the_file_and_not_as_the_run_too(shop: Shop, hook: HttpSink) -> None:
    refuse(shop)
    failure = failures.failure_of(InputRefusedError("orders: 1 delivery was refused"), NOW)
    evaluate(shop.settings(), failure=failure, now=NOW)
    assert events(hook) == [("opened", ["delivery_refused"])]


def test_a_refusal_without_a_refused_delivery_is_a_failed_run(shop: Shop, hook: HttpSink) -> None:
    failure = failures.failure_of(InputRefusedError("there is no file 'x'", remedy="deliver it"), NOW)
    evaluate(shop.settings(), failure=failure, now=NOW)
    assert events(hook) == [("opened", ["run_failed"])]


def test_which_errors_are_incidents_and_what_is_withheld() -> None:
    assert failures.failure_of(BusyError("taken"), NOW) is None
    for error in (KeyboardInterrupt(), RunInterruptedError("stopped")):
        interrupted = failures.failure_of(error, NOW)
        assert interrupted is not None
        assert interrupted.key == "run_failed:INTERRUPTED"
    unexpected = failures.failure_of(ValueError("jane@example.com"), NOW)
    assert unexpected is not None
    assert "jane" not in str(unexpected)
    assert "ValueError" in unexpected.title
    gate = failures.failure_of(
        GateFailedError(
            "gate raw: 1 check(s) failed\nERROR raw.orders: c: meaning\n"
            "    could not be evaluated: 'jane@example.com'\n"
            "    for example order 4711\nmodel stg_orders: Conversion Error: 'jane@example.com'"
        ),
        NOW,
    )
    assert gate is not None
    assert gate.detail.splitlines() == [
        "gate raw: 1 check(s) failed", "ERROR raw.orders: c: meaning", "model stg_orders",
    ]  # fmt: skip


def test_a_killed_run_is_seen_and_the_next_success_ends_it(shop: Shop, hook: HttpSink) -> None:
    settings = shop.settings()
    with writer_lock(shop.home, run="r1"):
        alive.begin(shop.home, "r1")
        evaluate(settings, now=NOW)  # at work, not killed
    assert hook.bodies == []
    evaluate(settings, now=NOW)
    evaluate(settings, now=NOW + HOUR)
    assert events(hook) == [("opened", ["run_failed"])]
    assert "r1" in hook.bodies[0]["incidents"][0]["detail"]
    alive.begin(shop.home, "r2")
    alive.succeed(shop.home, "r2", version="v000001", unchanged=True, as_of="2025-03-01", data_through={})
    evaluate(settings, now=NOW + 2 * HOUR)
    assert [event for event, _ in events(hook)] == ["opened", "resolved"]


def _evaluate_and_die(root: Path, moment: dt.datetime, url: str) -> None:
    os.environ["RETENTION_WEBHOOK_URL"] = url
    os.environ["RETENTION_FAILPOINT"] = "alerts.after_send:kill"
    evaluate(Shop(root).settings(), now=moment)


def test_a_kill_between_telling_and_recording_costs_one_repetition_and_loses_nothing(
    shop: Shop, hook: HttpSink
) -> None:
    refuse(shop)
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=_evaluate_and_die, args=(shop.root, NOW, hook.url))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert len(hook.bodies) == 1
    for hours in range(1, 4):
        evaluate(shop.settings(), now=NOW + hours * HOUR)
    assert [event for event, _ in events(hook)] == ["opened", "opened"]


def test_a_dead_target_of_each_sort_costs_bounded_time_together(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(HttpSink(delay=HANGING)) as hanging, serving(SmtpSink()) as mute:
        mute.greets = False
        monkeypatch.setenv("RETENTION_WEBHOOK_URL", hanging.url)
        monkeypatch.setenv("RETENTION_SLACK_URL", f"http://127.0.0.1:{refusing_port()}/S3CRETPATH")
        smtp = {"host": "127.0.0.1", "port": mute.port, "sender": "a@b", "recipients": ["c@d"], "starttls": False}
        refuse(shop)
        began = time.monotonic()
        found = evaluate(shop.settings(smtp=smtp), now=NOW)
        seconds = time.monotonic() - began
    assert 4 < seconds < 9
    assert sorted(found.problems) == [
        "alert not delivered to mail: no answer in time; it is kept and sent again next time",
        "alert not delivered to slack: connection refused; it is kept and sent again next time",
        "alert not delivered to webhook: no answer in time; it is kept and sent again next time",
    ]


def test_a_home_that_cannot_be_written_is_told_although_it_cannot_be_remembered(
    shop: Shop, hook: HttpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    failure = failures.failure_of(StorageError("the disk is full"), NOW)
    monkeypatch.setattr("retention_pipeline.warehouse.files.replace_atomically", full)
    found = evaluate(shop.settings(), failure=failure, now=NOW)
    assert events(hook) == [("opened", ["run_failed"])]
    assert any("no space left" in problem for problem in found.problems)
    assert len(found.open) == 1


def test_a_damaged_register_is_started_afresh(shop: Shop, hook: HttpSink) -> None:
    refuse(shop)
    evaluate(shop.settings(), now=NOW)
    shop.home.incidents.write_bytes(shop.home.incidents.read_bytes()[:40])
    evaluate(shop.settings(), now=NOW + HOUR)
    assert [event for event, _ in events(hook)] == ["opened", "opened"]


def test_files_have_the_modes_they_should_and_nothing_is_left_over(shop: Shop) -> None:
    refuse(shop)
    (shop.home.root / ".tmp-incidents.json-1").write_text("half")
    evaluate(shop.settings(), now=NOW)
    alive.begin(shop.home, "r")
    assert stat.S_IMODE(shop.home.incidents.stat().st_mode) == 0o600
    assert stat.S_IMODE(shop.home.alive.stat().st_mode) == 0o644
    assert list(shop.home.root.glob(".tmp-*")) == []


def test_nothing_wrong_writes_no_register(shop: Shop, hook: HttpSink) -> None:
    assert evaluate(shop.settings(), now=NOW).open == ()
    assert not shop.home.incidents.exists()
    assert hook.bodies == []


def test_the_sign_of_life_tells_success_attempt_and_age(shop: Shop) -> None:
    alive.begin(shop.home, "r1")
    running = json.loads(shop.home.alive.read_text(encoding="utf-8"))
    assert (running["schema"], running["last_success"], running["last_attempt"]["outcome"]) == (1, None, "running")
    through = {"orders": dt.date(2025, 2, 28), "feedback": None}
    alive.succeed(shop.home, "r1", version="v1", unchanged=False, as_of="2025-03-01", data_through=through)
    alive.end(shop.home, "r1")
    alive.begin(shop.home, "r2")
    alive.end(shop.home, "r2")
    found = alive.read(shop.home)
    assert found.last_success is not None
    assert found.last_attempt is not None
    assert (found.last_success.run_id, found.last_success.outcome) == ("r1", "published")
    assert found.last_success.data_through == {"orders": "2025-02-28", "feedback": None}
    assert (found.last_attempt.run_id, found.last_attempt.outcome) == ("r2", "not_published")
    age = dt.datetime.now(dt.UTC) - alive.moment(found.last_success.finished_at)
    assert dt.timedelta() <= age < dt.timedelta(minutes=1)


def test_the_exit_code_of_an_open_incident_is_its_own() -> None:
    assert [code.value for code in ExitCode].count(8) == 1
