"""What a night costs when it is carried on from the night before, beside the same night built anew.

Belongs here: the three runs and their table. Not here: the shop (any folder with ``retention.toml`` and dated files).
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from retention_pipeline.config import load_settings
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse.read import published_manifest


@dataclass(frozen=True)
class Night:
    """One run.

    Attributes:
        name: What was run.
        wall, cpu: Seconds, the process's own start included.
        stages: Seconds of each stage by the clock; empty for a run that published nothing new.
        content: Content hash of what is published afterwards.
        build: ``full`` or ``incremental``, and what became of the tables.
    """

    name: str
    wall: float
    cpu: float
    stages: dict[str, float]
    content: str
    build: dict[str, object]


def run(name: str, config: Path, home: Path, night: dt.date, *how: str) -> Night:
    """Run the pipeline up to a night in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "retention_pipeline.cli",
        "--config",
        str(config),
        "run",
        "--until",
        str(night),
        *how,
    ]
    surroundings = {
        **os.environ,
        "RETENTION_HOME": str(home),
        "RETENTION_ID_KEY": "a key for measurements",  # one key, or two homes would never hold the same content
        "RETENTION_RECEIVED_ON": (night + dt.timedelta(days=1)).isoformat(),
    }
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, env=surroundings, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    manifest = published_manifest(Home(home))
    return Night(
        name,
        time.perf_counter() - began,
        cpu,
        manifest["seconds"],
        manifest["content_hash"],
        manifest["build"],
    )


def main() -> None:
    """Run a night carried on from the one before, and the same night after the same one, built anew."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("config", type=Path, help="retention.toml of a shop whose last days have files of their own")
    parser.add_argument("home", type=Path, help="an empty folder; two homes are made in it")
    parser.add_argument("night", type=dt.date.fromisoformat, help="the night to measure")
    given = parser.parse_args()
    if not load_settings(given.config).build.incremental:
        sys.exit(f"{given.config}: set incremental = true in [build], or no night is carried on")
    before = given.night - dt.timedelta(days=1)
    carrying, anew_in = given.home / "nightly", given.home / "anew"
    nights = [run("the night before", given.config, carrying, before)]
    shutil.copytree(carrying, anew_in, symlinks=True)
    nights += [
        run("the night, carried on", given.config, carrying, given.night),
        run("the night, built anew", given.config, anew_in, given.night, "--rebuild"),
    ]
    for each in nights:
        stages = ", ".join(f"{stage} {seconds:.0f}" for stage, seconds in each.stages.items())
        print(f"{each.name:24} {each.wall:7.1f} s, {each.cpu:7.1f} s of CPU: {stages}\n  {each.build}")
    *_, carried, anew = nights
    if carried.build["kind"] != "incremental":
        sys.exit(f"nothing was carried on: {carried.build['why']}")
    same = "the same" if carried.content == anew.content else "OTHER"
    clock, cpu = carried.wall / anew.wall, carried.cpu / anew.cpu
    print(f"carried on / anew: {clock:.2f} by the clock, {cpu:.2f} of CPU; {same} content")
    sys.exit(carried.content != anew.content)


if __name__ == "__main__":
    main()
