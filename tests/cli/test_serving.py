"""``retention dev`` asks the web interface to end, which then ends its own servers; killed, it would leave them."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from retention_pipeline.cli.running import INSTANCE_YAML, prepare_home, serve
from retention_pipeline.config import load_settings
from retention_pipeline.core.home import Home
from tests.cli.test_help import SHOP

SERVER = """#!/bin/sh
trap 'echo told > {folder}/told; exit 0' INT
touch {folder}/ready
while :; do sleep 0.05; done
"""


def test_an_interrupt_is_passed_on_and_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "retention.toml").write_text(SHOP, encoding="utf-8")
    server = tmp_path / "server"
    server.write_text(SERVER.format(folder=tmp_path), encoding="utf-8")
    server.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(server))

    def interrupt() -> None:
        deadline = time.monotonic() + 30
        while not (tmp_path / "ready").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    settings = load_settings(tmp_path / "retention.toml", tmp_path / "home")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored
    try:
        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            serve(settings, 3999)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (tmp_path / "told").exists()


def test_settings_that_a_full_disk_left_empty_are_written_again(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    for left in ("", "telemetry:\n  enabled: true\n"):
        home.dagster.mkdir(parents=True, exist_ok=True)
        (home.dagster / "dagster.yaml").write_text(left, encoding="utf-8")
        prepare_home(home)
        assert (home.dagster / "dagster.yaml").read_text(encoding="utf-8") == (left or INSTANCE_YAML)
