"""Nights that go wrong are told once, with what to do; the next good run ends it; a dead target changes nothing."""

from __future__ import annotations

import json
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from retention_pipeline.alerts import alive
from retention_pipeline.cli import app as _commands  # noqa: F401  # registers every command
from retention_pipeline.cli.base import app
from retention_pipeline.core.errors import ConfigError, GateFailedError, InputRefusedError
from tests.alerts.sinks import HANGING, HttpSink, refusing_port, serving
from tests.pipeline.conftest import ShopFolder
from tests.pipeline.test_faults import header_of, orders_file, rows_of

SECRET = "S3CRETPATH"


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpSink]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("RETENTION_RECEIVED_ON", "2023-05-02")
    with serving(HttpSink()) as sink:
        monkeypatch.setenv("RETENTION_WEBHOOK_URL", sink.url)
        yield sink


def invoke(shop: ShopFolder, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["--config", str(shop.config), *arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def told(sink: HttpSink) -> list[tuple[str, str]]:
    return [(body["event"], incident["kind"]) for body in sink.bodies for incident in body["incidents"]]


@pytest.mark.long
def test_a_refused_file_is_one_alert_and_the_next_good_run_ends_it(shop: ShopFolder, hook: HttpSink) -> None:
    path = orders_file(shop)
    path.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(InputRefusedError):
            shop.run()
    assert invoke(shop, "watch")[0] == 8
    assert told(hook) == [("opened", "delivery_refused")]
    (incident,) = hook.bodies[0]["incidents"]
    assert path.name in incident["where"]
    assert "empty" in incident["detail"]
    assert incident["still_served"] == "v000001 of 2023-04-30, orders through 2023-04-30"
    assert "deliver a corrected file" in incident["remedy"]
    code, printed = invoke(shop, "status")
    assert code == 0
    assert f"orders: the delivery for {path.stem[-10:]} was refused" in printed
    path.write_text("\n".join([header_of(shop), *rows_of(shop, 5)]) + "\n", encoding="utf-8")
    shop.run()
    assert told(hook) == [("opened", "delivery_refused"), ("resolved", "delivery_refused")]
    code, printed = invoke(shop, "watch")
    assert (code, printed.strip()) == (0, "incidents  none open")
    sign = json.loads(shop.settings.home.alive.read_text(encoding="utf-8"))
    assert sign["last_success"]["version"] == "v000002"
    assert sign["last_success"]["data_through"]["orders"] == "2023-05-01"
    assert sign["last_attempt"]["outcome"] == "published"
    assert stat.S_IMODE(shop.settings.home.alive.stat().st_mode) == 0o644


@pytest.mark.long
def test_a_failing_gate_is_one_alert_and_the_next_good_run_ends_it(fresh_shop: ShopFolder, hook: HttpSink) -> None:
    files = {path: path.read_bytes() for path in (fresh_shop.folder / "landing" / "orders").iterdir()}
    header = header_of(fresh_shop)
    for path in files:
        path.write_text(header + "\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(GateFailedError):
            fresh_shop.run()
    assert told(hook) == [("opened", "gate_failed")]
    (incident,) = hook.bodies[0]["incidents"]
    assert incident["where"] == "gate raw"
    assert "raw.orders" in incident["detail"]
    assert incident["still_served"] == "nothing has been published yet"
    assert incident["remedy"].startswith("correct the files of the deliveries")
    sign = alive.read(fresh_shop.settings.home)
    assert sign.last_success is None
    assert sign.last_attempt is not None
    assert sign.last_attempt.outcome == "not_published"
    for path, content in files.items():
        path.write_bytes(content)
    fresh_shop.run()
    assert told(hook) == [("opened", "gate_failed"), ("resolved", "gate_failed")]


@pytest.mark.long
def test_dead_targets_change_neither_exit_code_nor_message_and_no_secret_is_written(
    shop: ShopFolder, hook: HttpSink
) -> None:
    hook.answer = 500
    slack = f"http://127.0.0.1:{refusing_port()}/{SECRET}"
    orders_file(shop).write_bytes(b"")
    failed = shop.command("run", RETENTION_WEBHOOK_URL=hook.url, RETENTION_SLACK_URL=slack)
    orders_file(shop).unlink()
    passed = shop.command("run", RETENTION_WEBHOOK_URL=hook.url, RETENTION_SLACK_URL=slack)
    assert (failed.returncode, passed.returncode) == (3, 0)
    for done in (failed, passed):
        assert done.stdout.count("alert not delivered to slack: connection refused") == 1
        assert done.stdout.count("alert not delivered to webhook: it answered 500") == 1
        assert SECRET not in done.stdout + done.stderr
    assert "remedy:" in failed.stderr
    assert "Traceback" not in failed.stderr
    written = [path for path in shop.folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert written == []


@pytest.mark.long
def test_a_run_that_is_told_to_stop_stops_in_time_although_a_target_hangs(
    shop: ShopFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    orders_file(shop).write_text("\n".join([header_of(shop), *rows_of(shop, 8)]) + "\n", encoding="utf-8")
    with serving(HttpSink(delay=HANGING)) as sink:
        running = shop.start("run", RETENTION_SLACK_URL=sink.url, RETENTION_FAILPOINT="intake.before_commit:sleep")
        deadline = time.monotonic() + 120
        while not (shop.settings.home.temporary / "intake").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1)
        began = time.monotonic()
        running.send_signal(signal.SIGTERM)
        out, error = running.communicate(timeout=60)
    assert running.returncode == 130, error
    assert time.monotonic() - began < 10
    assert "alert not delivered to slack: no answer in time" in out


@pytest.mark.long
def test_a_killed_run_is_found_by_watch(shop: ShopFolder, hook: HttpSink) -> None:
    orders_file(shop).write_text("\n".join([header_of(shop), *rows_of(shop, 5)]) + "\n", encoding="utf-8")
    killed = shop.command("run", RETENTION_FAILPOINT="intake.before_commit:kill")
    assert killed.returncode == -signal.SIGKILL
    assert hook.bodies == []
    code, printed = invoke(shop, "watch")
    assert code == 8
    assert "the run was killed" in printed
    assert invoke(shop, "watch")[0] == 8
    assert told(hook) == [("opened", "run_failed")]


def test_alert_test_reports_each_channel(
    published_shop: ShopFolder, hook: HttpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert invoke(published_shop, "alert-test") == (0, "webhook  delivered\n")
    assert hook.bodies[0]["event"] == "test"
    assert hook.bodies[0]["incidents"] == []
    monkeypatch.setenv("RETENTION_SLACK_URL", f"http://127.0.0.1:{refusing_port()}/{SECRET}")
    code, printed = invoke(published_shop, "alert-test")
    assert code == 8
    assert printed == "slack    connection refused\nwebhook  delivered\n"
    monkeypatch.delenv("RETENTION_SLACK_URL")
    monkeypatch.delenv("RETENTION_WEBHOOK_URL")
    with pytest.raises(ConfigError, match="no channel"):
        invoke(published_shop, "alert-test")


@pytest.mark.long
def test_watching_on_prints_changes_only_and_ends_when_told(shop: ShopFolder, tmp_path: Path) -> None:
    running = shop.start("watch", "--every", "1")
    time.sleep(8)
    running.send_signal(signal.SIGTERM)
    out, error = running.communicate(timeout=30)
    assert running.returncode == 0, error
    assert out.splitlines() == ["incidents  none open"]
