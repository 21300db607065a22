"""Faults by chance, several on one home, for as long as one likes: ``python -m tests.reliability.loop --hours 1``.

Each turn draws a scenario and up to three faults from a seed and its own number, lets each fault strike a run in the
same home, and ends with a plain run that must come to the content of an undisturbed one. The first surprise ends the
loop and says how to draw the same turn again; the home is kept. (Moments are drawn, too, but what a process does at a
moment is up to the machine.)
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from retention_pipeline.core.errors import ExitCode
from retention_pipeline.warehouse.lock import lock_holder
from tests.reliability.scenarios import DISK, SCENARIOS, Start, prepared, reachable
from tests.reliability.shop import Shop, write_tiny_shop
from tests.reliability.warm import Ended, preload

CHOSEN = ("first run", "rerun", "backfill")
MOST_FAULTS = 3
LONGEST_SECONDS = 20.0
STOP_SECONDS = 10.0


@dataclasses.dataclass(frozen=True)
class Fault:
    """One fault and the exit codes that it allows; 0 where it comes too late or never.

    Attributes:
        kind: What it is called in the summary.
        words: What is done, with the numbers drawn.
        codes: Exit codes; negative for a signal.
        signal: What is sent.
        after: How many seconds after the run took the writer lock.
        failpoint: As for ``RETENTION_FAILPOINT``.
        file_size: The largest file allowed, in bytes.
    """

    kind: str
    words: str
    codes: frozenset[int]
    signal: signal.Signals | None = None
    after: float = 0.0
    failpoint: str | None = None
    file_size: int | None = None

    def strike(self, shop: Shop, arguments: tuple[str, ...]) -> Ended:
        """Run the command under this fault, to its end."""
        limits = {} if self.file_size is None else {resource.RLIMIT_FSIZE: self.file_size}
        going = shop.start(*arguments, limits=limits, RETENTION_FAILPOINT=self.failpoint)
        if self.signal is None:
            return going.end()
        while lock_holder(shop.home) is None and going.process.is_alive():
            time.sleep(0.02)
        going.process.join(self.after)
        going.send(self.signal)
        sent = time.monotonic()
        ended = going.end()
        assert time.monotonic() - sent < STOP_SECONDS, f"{self.words}: it went on for {time.monotonic() - sent:.0f} s"
        return ended


def _killed_by_time(dice: random.Random) -> Fault:
    after = dice.triangular(0, LONGEST_SECONDS, 0)
    codes = frozenset({0, -signal.SIGKILL})
    return Fault("kill -9, any time", f"kill -9 after {after:.1f} s", codes, signal=signal.SIGKILL, after=after)


def _stopped_by_time(dice: random.Random) -> Fault:
    number, after = dice.choice((signal.SIGTERM, signal.SIGINT)), dice.triangular(0, LONGEST_SECONDS, 0)
    codes = frozenset({0, int(ExitCode.INTERRUPTED)})
    return Fault("told to stop", f"{number.name} after {after:.1f} s", codes, signal=number, after=after)


def _killed_at_a_place(dice: random.Random) -> Fault:
    place = f"{dice.choice(reachable())}:{dice.choice((1, 1, 2, 3))}"
    codes = frozenset({0, -signal.SIGKILL})
    return Fault("kill -9, a place", f"kill -9 at {place}", codes, failpoint=f"{place}:kill")


def _no_space_at_a_place(dice: random.Random) -> Fault:
    place = f"{dice.choice(DISK)}:{dice.choice((1, 1, 2, 3))}"
    codes = frozenset({0, int(ExitCode.STORAGE)})
    return Fault("no space, a place", f"no space at {place}", codes, failpoint=f"{place}:enospc")


def _small_files(dice: random.Random) -> Fault:
    size = int(2 ** dice.uniform(12, 23))
    codes = frozenset({0, int(ExitCode.STORAGE)})
    return Fault("no space, a size", f"files of at most {size:,} bytes", codes, file_size=size)


KINDS: tuple[Callable[[random.Random], Fault], ...] = (
    _killed_by_time, _killed_by_time, _killed_at_a_place, _stopped_by_time, _no_space_at_a_place, _small_files,
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Turn:
    """What is done in one turn."""

    scenario: str
    is_built: bool
    """Whether it begins when everything is built and nothing is published, so that publication is met more often."""
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        begin = f"{self.scenario}{', all built' if self.is_built else ''}"
        return f"{begin}: {'; '.join(fault.words for fault in self.faults)}; a plain run"


def draw(seed: int, number: int) -> Turn:
    """The turn of this number."""
    dice = random.Random(f"{seed} {number}")
    scenario, is_built = dice.choice(CHOSEN), dice.random() < 0.5
    return Turn(scenario, is_built, tuple(dice.choice(KINDS)(dice) for _ in range(dice.randint(1, MOST_FAULTS))))


def surprises(turn: Turn, begin: Start, folder: Path) -> list[str]:
    """Do a turn in a folder of its own; whatever does not hold, nothing after the first fault that shows some."""
    shop, arguments = (begin.built if turn.is_built else begin.shop).copy(folder), SCENARIOS[turn.scenario]
    for fault in turn.faults:
        before = shop.served()
        found = _after(fault, shop, before, fault.strike(shop, arguments), begin.expected)
        if found:
            return [f"{fault.words}: {what}" for what in found]
    done = shop.run(*arguments)
    if done.code != 0:
        return [f"the plain run: exit code {done.code}: {done.said}"]
    wrong = "the plain run: another content hash" if shop.content_hash() != begin.expected else ""
    litter = f"the plain run: litter: {shop.litter()}" if shop.litter() else ""
    damaged = "" if shop.is_whole() else "the plain run: a version is damaged"
    return [what for what in (wrong, litter, damaged) if what]


def _after(fault: Fault, shop: Shop, before: dict[str, str], ended: Ended, expected: str) -> list[str]:
    """What does not hold after a run that a fault has met."""
    found = [] if ended.code in fault.codes else [f"exit code {ended.code}: {ended.said}"]
    if shop.served() != before and shop.content_hash() != expected:
        found.append("torn: served is neither what was there nor what should come")
    if not shop.is_whole():
        found.append("torn: a version is damaged")
    if ended.code > 0:
        version, said = shop.version(), " ".join(ended.said.split())
        served = f"still served: {version}" if version else "nothing has been published yet"
        found += [] if served in said else [f"does not say: {served}"]
        found += [f"a traceback: {ended.said}"] if "Traceback" in said else []
    return found


def loop(seed: int, hours: float, first: int, say: Callable[[str], None]) -> int:
    """Turns until the time is up; returns the exit code. No turn begins later; the last one may end some minutes on."""
    until, folder = time.monotonic() + 3600 * hours, Path(tempfile.mkdtemp(prefix="reliability-loop-"))
    preload()
    begins: dict[str, Start] = {}
    struck: Counter[str] = Counter()
    published = write_tiny_shop(folder / "shop")
    done = published.run()
    assert done.code == 0, done.said
    number = first
    while time.monotonic() < until:
        turn, began = draw(seed, number), time.monotonic()
        if turn.scenario not in begins:
            begins[turn.scenario] = prepared(turn.scenario, published, folder / turn.scenario.replace(" ", "-"), {})
        say(f"turn {number}  {turn}")
        place = folder / f"turn-{number}"
        try:
            found = surprises(turn, begins[turn.scenario], place)
        except AssertionError as error:  # it went on for too long
            found = [str(error)]
        if found:
            again = f"python -m tests.reliability.loop --seed {seed} --turn {number} --hours 0.001"
            say("\n".join([*found, f"surprise in turn {number}; the home is kept in {place}; the same turn: {again}"]))
            return 1
        shutil.rmtree(place)
        struck.update(fault.kind for fault in turn.faults)
        say(f"turn {number}  as expected, {time.monotonic() - began:.0f} s")
        number += 1
    shutil.rmtree(folder)
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(struck.items()))
    say(f"seed {seed}: {number - first} turns, {struck.total()} faults ({kinds}), surprises 0")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.loop", description=__doc__)
    parser.add_argument("--hours", type=float, default=1.0, help="begin no turn after so many hours (1)")
    parser.add_argument("--seed", type=int, default=None, help="what turns are drawn from (one of the clock)")
    parser.add_argument("--turn", type=int, default=1, help="the number of the first turn (1)")
    given = parser.parse_args(arguments)
    seed = time.time_ns() % 1_000_000 if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)  # noqa: T201  # the answer of a command
    return loop(seed, given.hours, given.turn, lambda text: print(text, flush=True))  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
