"""K1 and K2: kill -9 at every failpoint and at random times inside dbt, then a plain rerun; nobody cleans up."""

from __future__ import annotations

import random
import shutil
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.reliability import warm
from tests.reliability.conftest import Night, Noted
from tests.reliability.figures import size
from tests.reliability.plain_dbt import kill_plain_dbt
from tests.reliability.scenarios import (
    ELSEWHERE,
    INCREMENTAL,
    PACKAGE,
    PUBLISHED,
    SCENARIOS,
    UNPUBLISHED,
    failpoints,
    kills_of,
    prepared,
    reachable,
)
from tests.reliability.shop import Shop

SHORTEST = ("rerun",)
"""The scenarios of the bounded suite; the others take as long again and differ only in how the run is begun."""


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


def faults_of_a_kill(shop: Shop, arguments: tuple[str, ...], name: str, environment: dict[str, str]) -> list[str]:
    """Kill a run at a place; what is wrong then."""
    before = shop.served()
    killed = shop.run(*arguments, RETENTION_FAILPOINT=f"{name}:kill", **environment)
    if killed.code != -signal.SIGKILL:
        return [f"{name}: not reached: {killed.said[-300:]}"]
    found = []
    if (shop.served() != before) != (name in PUBLISHED):
        found.append(f"{name}: torn: what is served has changed, or has not")
    if not shop.is_whole():
        found.append(f"{name}: torn: a version is damaged")
    return found


def faults_of_the_rerun(shop: Shop, arguments: tuple[str, ...], expected: str) -> list[str]:
    """Run again, as anybody would; what is wrong then."""
    again, found = shop.run(*arguments), []
    if again.code != 0:
        found.append(f"stuck: exit code {again.code}: {again.said[-500:]}")
    elif shop.content_hash() != expected:
        found.append("wrong: another content hash")
    if litter := shop.litter():
        found.append(f"litter: {litter}")
    return found


@pytest.mark.parametrize(
    "scenario",
    [pytest.param(name, marks=pytest.mark.long if name in SHORTEST else pytest.mark.slow) for name in SCENARIOS],
)
def test_kills_at_every_failpoint_and_a_plain_rerun(
    scenario: str, published: Shop, tmp_path: Path, note: Noted, sink: str
) -> None:
    environment, arguments = {"RETENTION_WEBHOOK_URL": sink}, SCENARIOS[scenario]
    origin, homes = prepared(scenario, published, tmp_path, environment), kills_of(scenario)
    for names in homes:
        late = names[0] in PUBLISHED or names[0].startswith("publish.")
        shop = (origin.built if late else origin.shop).copy(tmp_path / names[0])
        faults = [fault for name in names for fault in faults_of_a_kill(shop, arguments, name, environment)]
        faults += faults_of_the_rerun(shop, arguments, origin.expected)
        assert faults == [], names
        shutil.rmtree(shop.folder)
    kills = sum(len(names) for names in homes)
    figure = f"{len(homes)} plain reruns; torn, stuck, wrong, litter = 0"
    note("K1", f"kill -9 at each failpoint, {scenario}", kills, kills, figure)


@pytest.mark.long
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


@pytest.mark.long
@pytest.mark.parametrize("batch", range(size(1, 5)))
@pytest.mark.parametrize(("stage", "kills"), [("staging", size(2, 10)), ("marts", size(2, 30))])
def test_kills_at_random_times_inside_dbt(
    stage: str, kills: int, batch: int, night: Night, tmp_path: Path, note: Noted
) -> None:
    """The same home is killed again and again; then a plain run must come to the same content."""
    shop, chance, noted = night.shop.copy(tmp_path / "shop"), random.Random(f"{stage} {batch}"), str(tmp_path / "noted")
    if stage == "marts":  # staging is built and kept, so that each run from here on comes to the marts at once
        assert shop.run(within=warm.Within(1, 0, 0, signal.SIGKILL, noted)).code == -signal.SIGKILL
    before, consistent = shop.served(), 0
    for _ in range(kills):
        within = warm.Within(0, chance.uniform(0, 1), chance.uniform(0, 0.2), signal.SIGKILL, noted)
        killed = shop.run(within=within)
        assert killed.code == -signal.SIGKILL, killed.said
        consistent += shop.served() == before and shop.is_whole()
    done = shop.run()
    assert done.code == 0, done.said
    assert shop.content_hash() == night.expected
    assert shop.litter() == []
    what = f"kill -9 at random times inside dbt's {stage}, then a plain run; batch {batch + 1}"
    note("K2", what, kills, consistent, "served bytes as before; then the reference's content")


@pytest.mark.slow
def test_plain_dbt_killed_at_random_times_leaves_tables_of_two_runs(
    published: Shop, tmp_path: Path, note: Noted
) -> None:
    """The baseline: the same project, run by dbt alone over the same tables. Nothing must hold here."""
    killed, mixed = kill_plain_dbt(published, tmp_path, size(2, 20))
    note("K2", "baseline: kill -9 of a plain dbt run", killed, killed, f"tables of two runs after {mixed} kills")


def test_every_failpoint_is_killed_at_somewhere() -> None:
    found = set(failpoints())
    assert len(found) > 20
    assert set(reachable()) == {*UNPUBLISHED, *PUBLISHED}
    assert {name.partition(":")[0] for name in INCREMENTAL} <= found
    for family, tests in ELSEWHERE.items():
        text = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.parent.glob(tests))
        names = {name for name in found if name.startswith(family)}
        assert names
        assert {name for name in names if name not in text} == set()
