"""What faults strike at: the commands that write, the places that the code names, and the states they begin in.

Belongs here: what is common to the tests of kills, limits and chance. Not here: what must hold (the tests).
"""

from __future__ import annotations

import dataclasses
import re
import signal
from pathlib import Path

from tests.reliability.figures import is_full
from tests.reliability.shop import FIRST, NEXT, Shop

PACKAGE = Path(__file__).parents[2] / "retention_pipeline"
SCENARIOS = {
    "first run": ("run",),
    "rerun": ("run",),
    "backfill": ("backfill", "--from", str(FIRST), "--to", str(NEXT)),
    "incremental build": ("run",),
}
ELSEWHERE = {
    "erase.": "tests/privacy/test_erase_*.py",
    "extract.": "tests/extract/test_pipeline.py",
    "keys.": "tests/reliability/test_kills.py",
}
"""Families of failpoints that these runs never reach, and the tests that kill there."""
INCREMENTAL = ("build.after_change", "build.before_mark:3", "build.before_mark:5", "publish.before_swap",
               "publish.after_swap", "build.before_seal")  # fmt: skip
"""Where a night that is carried on from the one before differs from any other; the first of these only it reaches."""
UNPUBLISHED = ("store.before_commit", "intake.before_commit", "intake.after_commit", "build.after_forget",
               "build.before_begin", "build.before_mark", "publish.before_parquet", "publish.after_parquet",
               "publish.before_checkpoint", "publish.before_manifest", "publish.before_rename",
               "publish.before_swap")  # fmt: skip
"""In the order in which a run comes to them."""
PUBLISHED = ("publish.after_swap", "publish.before_link", "publish.before_collect", "build.before_seal",
             "alerts.after_send", "seal.before_close")  # fmt: skip
"""Where the new version is served already."""
DISK = ("store.before_commit", "intake.before_commit", "build.after_forget", "build.before_mark",
        "publish.after_parquet", "publish.before_checkpoint", "publish.before_manifest",
        "publish.before_swap")  # fmt: skip
"""Places just before a durable write, in the order in which a run comes to them: there a full disk would show."""


def failpoints() -> list[str]:
    """Every place that the code itself names, so that a new step cannot escape; the late ones last."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        found |= set(re.findall(r'failpoint\("([a-z_.]+)"\)', path.read_text(encoding="utf-8")))
    return sorted(found, key=lambda name: (name.startswith("publish."), name))


@dataclasses.dataclass(frozen=True)
class Start:
    """What a scenario starts from, and what must come out."""

    shop: Shop
    built: Shop
    """The same after a kill just before the first byte is published: every stage is built, none is published."""
    expected: str


def prepared(scenario: str, published: Shop, folder: Path, environment: dict[str, str]) -> Start:
    begin = published.copy(folder / "begin", with_home=scenario != "first run")
    if scenario == "incremental build":
        with begin.config.open("a", encoding="utf-8") as config:
            config.write("[build]\nincremental = true\n")
        base = begin.run("run", "--rebuild")
        assert base.code == 0, base.said
    if scenario != "first run":
        begin.deliver(NEXT)
    if scenario == "backfill":
        begin.deliver(FIRST, count=3)  # the first day again, corrected
    built = begin.copy(folder / "built")
    killed = built.run(*SCENARIOS[scenario], RETENTION_FAILPOINT="publish.before_parquet:kill", **environment)
    assert killed.code == -signal.SIGKILL, killed.said
    reference = begin.copy(folder / "reference")
    done = reference.run(*SCENARIOS[scenario])
    assert done.code == 0, done.said
    if scenario == "incremental build":
        assert "incremental on" in done.said, done.said
    return Start(begin, built, reference.content_hash())


def reachable() -> list[str]:
    """The failpoints that a plain run of these shops comes to."""
    return [name for name in failpoints() if name != INCREMENTAL[0] and not name.startswith(tuple(ELSEWHERE))]


def kills_of(scenario: str) -> list[tuple[str, ...]]:
    """Where to kill in a scenario: the places of each home, one after the other, before its plain rerun.

    A first run is killed once and then run again. So many runs take long; in a rerun and a backfill, those that are
    killed before they have published follow each other on one home.
    """
    if not is_full():
        return [("publish.before_swap",)]
    if scenario == "incremental build":
        return [(name,) for name in INCREMENTAL]
    homes: list[tuple[str, ...]] = [(name,) for name in UNPUBLISHED] if scenario == "first run" else [UNPUBLISHED]
    # collecting begins where there is something to collect: what a kill before the swap has left
    return homes + [("publish.before_swap", name) if "collect" in name else (name,) for name in PUBLISHED]
