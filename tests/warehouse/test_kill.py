from __future__ import annotations

import hashlib
import re
import signal
from collections import Counter
from pathlib import Path

import pytest

import retention_pipeline.warehouse
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import versions
from retention_pipeline.warehouse.verify import verify_version
from tests.warehouse.support import numbers_in, publish_number, publish_with_failpoint, start

FOLDER = Path(retention_pipeline.warehouse.__file__).parent
FAILPOINTS = sorted(
    {
        name
        for path in FOLDER.glob("*.py")
        for name in re.findall(r'failpoint\("(publish\.[a-z_]+)"\)', path.read_text(encoding="utf-8"))
    }
)
BEFORE_THE_SWAP = {
    "publish.before_parquet", "publish.after_parquet", "publish.before_checkpoint", "publish.before_manifest",
    "publish.before_rename", "publish.before_swap",
}  # fmt: skip
AFTER_THE_SWAP = {"publish.after_swap", "publish.before_link", "publish.before_collect"}


def served(home: Home) -> dict[str, str]:
    """Checksums of the pointer and of every file of every published version."""
    paths = [
        home.current_pointer,
        *(p for name in versions.published_names(home) for p in (home.published / name).iterdir()),
    ]
    return {str(path.relative_to(home.published)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def assert_no_litter(home: Home) -> None:
    expected = {"CURRENT", "current", ".lock", ".last_number", *versions.published_names(home)}
    assert {path.name for path in home.published.iterdir()} == expected
    assert versions.version_names(home) == versions.published_names(home)
    for name in versions.version_names(home):
        verify_version(home.published / name)


def test_every_failpoint_of_a_publication_is_tested() -> None:
    assert set(FAILPOINTS) == BEFORE_THE_SWAP | AFTER_THE_SWAP


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_a_killed_publication_leaves_the_last_version_and_the_next_one_tidies_up(home: Home, failpoint: str) -> None:
    for number in (1, 2):
        publish_number(home, number, keep=2)
    before = served(home)
    child = start(publish_with_failpoint, home.root, 3, f"{failpoint}:kill", 2)
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    if failpoint in BEFORE_THE_SWAP:
        assert served(home) == before
        assert numbers_in(home) == {2}
    else:
        assert numbers_in(home) == {3}
    again = publish_number(home, 3, keep=2)
    assert again.unchanged == (failpoint in AFTER_THE_SWAP)
    assert numbers_in(home) == {3}
    assert home.current_link.resolve() == again.path.resolve()
    assert_no_litter(home)
    assert versions.version_names(home) == ["v000002", again.version], "what was never current took a place"


@pytest.mark.parametrize("failpoint", ["publish.after_parquet", "publish.before_swap", "publish.after_swap"])
def test_a_killed_first_publication_publishes_nothing_or_all(home: Home, failpoint: str) -> None:
    child = start(publish_with_failpoint, home.root, 1, f"{failpoint}:kill", 2)
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert versions.published_names(home) == (["v000001"] if failpoint in AFTER_THE_SWAP else [])
    publish_number(home, 1)
    assert numbers_in(home) == {1}
    assert_no_litter(home)


def test_the_number_of_a_version_that_never_became_current_is_not_used_again(home: Home) -> None:
    publish_number(home, 1)
    start(publish_with_failpoint, home.root, 2, "publish.before_swap:kill", 3).join(60)
    assert versions.version_names(home) == ["v000001", "v000002"]
    assert publish_number(home, 1).unchanged
    assert versions.version_names(home) == ["v000001"]
    assert publish_number(home, 3).version == "v000003"


@pytest.mark.parametrize("action", ["raise", "enospc"])
@pytest.mark.parametrize("failpoint", sorted(BEFORE_THE_SWAP))
def test_a_failed_publication_leaves_no_trace(
    home: Home, failpoint: str, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_number(home, 1)
    before = served(home)
    monkeypatch.setattr("retention_pipeline.core.failpoints._hits", Counter())
    monkeypatch.setenv("RETENTION_FAILPOINT", f"{failpoint}:{action}")
    with pytest.raises(Exception, match=r"failpoint|no space left"):
        publish_number(home, 2)
    assert served(home) == before
    assert_no_litter(home)
