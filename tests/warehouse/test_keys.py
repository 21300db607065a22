from __future__ import annotations

import signal
import stat
import threading
from pathlib import Path

import pytest

from retention_pipeline.core.errors import CorruptFileError
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse.keys import id_key_fingerprint, load_id_key
from tests.warehouse.support import start


@pytest.fixture(autouse=True)
def _no_key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RETENTION_ID_KEY", raising=False)


def load_and_die(root: Path) -> None:
    """In a child process: die between writing the key and giving it its name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RETENTION_FAILPOINT", "keys.before_link:kill")
        load_id_key(Home(root))


def test_a_key_is_generated_once_and_is_private(home: Home) -> None:
    key = load_id_key(home)
    assert len(key) == 64
    assert load_id_key(home) == key
    assert stat.S_IMODE(home.id_key.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.id_key.parent.stat().st_mode) == 0o700
    assert load_id_key(Home(home.root.parent / "other")) != key


def test_the_environment_outranks_the_file_and_may_repeat_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    key = load_id_key(home)
    monkeypatch.setenv("RETENTION_ID_KEY", "clé")
    assert load_id_key(home) == "clé".encode()
    monkeypatch.setenv("RETENTION_ID_KEY", home.id_key.read_text().strip())
    assert load_id_key(home) == key


def test_a_process_killed_while_creating_the_key_leaves_none(home: Home) -> None:
    child = start(load_and_die, home.root)
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert not home.id_key.exists()
    load_id_key(home)
    assert [path.name for path in home.id_key.parent.iterdir()] == ["id.key"]


def test_all_who_create_the_key_at_once_get_the_same_one(home: Home) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(load_id_key(home))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [path.name for path in home.id_key.parent.iterdir()] == ["id.key"]


@pytest.mark.parametrize("content", ["", "abc", "x" * 64, "a" * 63])
def test_a_damaged_key_file_is_refused_rather_than_replaced(home: Home, content: str) -> None:
    load_id_key(home)
    home.id_key.write_text(content)
    with pytest.raises(CorruptFileError, match="restore it from a backup"):
        load_id_key(home)
    assert home.id_key.read_text() == content


def test_the_fingerprint_follows_the_key() -> None:
    assert id_key_fingerprint(b"one") == id_key_fingerprint(b"one")
    assert id_key_fingerprint(b"one") != id_key_fingerprint(b"two")
    assert len(id_key_fingerprint(b"one")) == 8
