"""K1 and K2: kill -9 at every failpoint and at random times inside dbt, then a plain rerun; nobody cleans up."""

from __future__ import annotations

import dataclasses
import random
import re
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.reliability import warm
from tests.reliability.conftest import Noted
from tests.reliability.figures import is_full, size
from tests.reliability.plain_dbt import kill_plain_dbt
from tests.reliability.shop import DAYS, FIRST, NEXT, Shop

PACKAGE = Path(__file__).parents[2] / "retention_pipeline"
SCENARIOS = {
    "first run": ("run",),
    "rerun": ("run",),
    "backfill": ("backfill", "--from", str(FIRST), "--to", str(NEXT)),
}
FROM_DATABASES = {"extract.before_rows", "extract.within_rows", "extract.after_rows"}
"""Reached only where a source is a database; ``tests/extract`` kills there."""
SHORT = ("publish.before_swap",)


def failpoints() -> list[str]:
    """Every place that the code itself names, so that a new step cannot escape; the late ones last."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        found |= set(re.findall(r'failpoint\("([a-z_.]+)"\)', path.read_text(encoding="utf-8")))
    return sorted(found, key=lambda name: (name.startswith("publish."), name))


@pytest.fixture(scope="module")
def sink() -> Iterator[str]:
    """A place that takes alerts, so that the step after sending one is reached."""

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's name
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Taking)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()


@dataclasses.dataclass(frozen=True)
class Start:
    """What a scenario starts from, and what must come out."""

    shop: Shop
    built: Shop
    """The same after a kill just before the first byte is published: every stage is built, none is published."""
    expected: str


def prepared(scenario: str, published: Shop, folder: Path, environment: dict[str, str]) -> Start:
    begin = published.copy(folder / "begin", with_home=scenario != "first run")
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
    return Start(begin, built, reference.content_hash())


def faults_after(shop: Shop, before: dict[str, str], name: str, expected: str, arguments: tuple[str, ...]) -> list[str]:
    """What is wrong after a kill, then after the plain rerun; empty where everything holds."""
    found = []
    swapped = name in {"publish.after_swap", "publish.before_link", "publish.before_collect", "alerts.after_send"}
    if shop.served() != before and not swapped and name != "seal.before_close":
        found.append("torn: what is served has changed")
    if not shop.is_whole():
        found.append("torn: a version is damaged")
    again = shop.run(*arguments)
    if again.code != 0:
        found.append(f"stuck: exit code {again.code}: {again.said[-500:]}")
    elif shop.content_hash() != expected:
        found.append("wrong: another content hash")
    if litter := shop.litter():
        found.append(f"litter: {litter}")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_kill_at_every_failpoint_and_a_plain_rerun(
    scenario: str, published: Shop, tmp_path: Path, note: Noted, sink: str
) -> None:
    environment = {"RETENTION_WEBHOOK_URL": sink}
    origin = prepared(scenario, published, tmp_path, environment)
    names = [name for name in failpoints() if is_full() or name in SHORT]
    reached, faults, passed_by = 0, list[str](), list[str]()
    for name in names:
        late = name.startswith(("publish.", "seal.", "alerts."))
        shop = (origin.built if late else origin.shop).copy(tmp_path / name)
        before = shop.served()
        killed = shop.run(*SCENARIOS[scenario], RETENTION_FAILPOINT=f"{name}:kill", **environment)
        if killed.code != -signal.SIGKILL:
            assert killed.code == 0, killed.said
            passed_by.append(name)
            continue
        reached += 1
        found = faults_after(shop, before, name, origin.expected, SCENARIOS[scenario])
        faults += [f"{name}: {fault}" for fault in found]
    assert faults == []
    figure = f"failpoints reached {reached} of {len(names)}; torn, stuck, wrong, litter = 0; not reached: "
    note("K1", f"kill -9 at each failpoint, {scenario}", reached, reached, figure + (", ".join(passed_by) or "none"))


@pytest.mark.slow
def test_a_kill_while_the_key_is_made_leaves_no_key_or_one(published: Shop, tmp_path: Path, note: Noted) -> None:
    """The first run without a key in the environment makes one, so its result can only be compared under that key."""
    shop = published.copy(tmp_path / "own-key", with_home=False)
    killed = shop.run(RETENTION_ID_KEY=None, RETENTION_FAILPOINT="keys.before_link:kill")
    assert killed.code == -signal.SIGKILL, killed.said
    assert not shop.home.id_key.exists()
    done = shop.run(RETENTION_ID_KEY=None)
    assert done.code == 0, done.said
    key = shop.home.id_key.read_text(encoding="ascii").strip()
    reference = published.copy(tmp_path / "same-key", with_home=False)
    done = reference.run(RETENTION_ID_KEY=key)
    assert done.code == 0, done.said
    same = shop.content_hash() == reference.content_hash() and shop.litter() == []
    note("K1", "kill -9 at keys.before_link, first run with a key of its own", 1, int(same))


@pytest.mark.slow
def test_kills_at_random_times_inside_dbt(published: Shop, tmp_path: Path, note: Noted) -> None:
    """Each killed run builds everything anew; after every few kills a plain run must come to the same content."""
    kills, between, chance = size(3, 200), size(3, 20), random.Random(5)
    shop = published.copy(tmp_path / "shop")
    shop.deliver(NEXT)
    reference = shop.copy(tmp_path / "reference")
    whole = reference.run()
    assert whole.code == 0, whole.said
    before, consistent, reruns = shop.served(), 0, 0
    for kill in range(1, kills + 1):
        stage, share = chance.choices((0, 1), weights=(1, 3))[0], chance.uniform(0, 1)
        within = warm.Within(stage, share, chance.uniform(0, 0.2), signal.SIGKILL, str(tmp_path / "noted"))
        killed = shop.run("run", "--rebuild", within=within)
        assert killed.code == -signal.SIGKILL, killed.said
        consistent += shop.served() == before and shop.is_whole()
        if kill % between == 0:
            healed = shop.copy(tmp_path / f"healed-{kill}")
            done = healed.run()
            reruns += done.code == 0 and healed.content_hash() == reference.content_hash() and healed.litter() == []
            assert reruns == kill // between, done.said
    what = f"kill -9 at random times inside dbt, a plain rerun after every {between}"
    note("K2", what, kills, consistent, f"{reruns} of {kills // between} reruns came to the reference")


@pytest.mark.slow
def test_plain_dbt_killed_at_random_times_leaves_tables_of_two_runs(
    published: Shop, tmp_path: Path, note: Noted
) -> None:
    """The baseline: the same project, run by dbt alone over the same tables. Nothing must hold here."""
    killed, mixed = kill_plain_dbt(published, tmp_path, size(2, 20))
    note("K2", "baseline: kill -9 of a plain dbt run", killed, killed, f"tables of two runs after {mixed} kills")


def test_every_failpoint_is_known_to_be_reachable() -> None:
    found = set(failpoints())
    assert found >= FROM_DATABASES | set(SHORT)
    assert len(found) > 20
    assert DAYS > 31
