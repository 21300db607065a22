"""The product where there is no network: telemetry off, locks complete, a whole run without one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from retention_pipeline.cli.running import INSTANCE_YAML
from retention_pipeline.core.home import Home
from retention_pipeline.defs.dbt import build_arguments
from tests.offline.sitecustomize import NOTED_IN, STRICT
from tests.privacy.shop import ENVIRONMENT, Tiny

ROOT = Path(__file__).parents[2]
LOCKS = sorted(ROOT.glob("requirements*.lock"))


def test_dagster_sends_no_telemetry() -> None:
    assert yaml.safe_load(INSTANCE_YAML)["telemetry"] == {"enabled": False}
    assert yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))["telemetry"] == {"enabled": False}


def test_dbt_sends_no_telemetry() -> None:
    assert "--no-send-anonymous-usage-stats" in build_arguments(Home(Path("x")), ["a"], {})
    assert "--no-version-check" in build_arguments(Home(Path("x")), ["a"], {})


def test_great_expectations_sends_no_telemetry() -> None:
    code = (
        "import os, sys; from retention_pipeline.quality.great import great; great();"
        "print(os.environ['GX_ANALYTICS_ENABLED'], sorted({'posthog', 'segment'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "false []"


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_is_pinned_by_hash(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    pinned = re.compile(r"[A-Za-z0-9._-]+(\[[a-z0-9,._-]+\])?==\S+( ;.*?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
    assert len(lines) > 50
    assert [line[:80] for line in lines if not pinned.fullmatch(line)] == []


def test_the_installation_takes_wheels_with_these_hashes_only() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    installs = [line for line in makefile.splitlines() if "pip install" in line or "$(PIP_INSTALL)" in line]
    definition = next(line for line in installs if line.startswith("PIP_INSTALL"))
    assert "--only-binary :all:" in definition
    assert "--require-hashes" in definition
    own = [line for line in installs if "-e ." in line]
    assert len(own) == 1
    assert "--no-index" in own[0]
    locked = [line for line in installs if ".lock" in line]
    assert len(locked) == len(LOCKS)
    assert all("$(PIP_INSTALL)" in line for line in locked)


def without_network() -> list[str]:
    """A command before which a program has no network interface but a loopback that is down."""
    command = ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not on this machine")
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let a user make a network namespace")
    return command


@pytest.mark.long
def test_a_whole_run_opens_no_connection_and_needs_no_network(tmp_path: Path) -> None:
    shop = Tiny(tmp_path / "tiny")
    shop.with_parsed().write()
    notes = tmp_path / "notes"
    ours = {name: value for name, value in os.environ.items() if not name.startswith("RETENTION_")}
    done = subprocess.run(
        [*without_network(), sys.executable, "-m", "retention_pipeline.cli", "--config", str(shop.config), "run"],
        env={**ours, **ENVIRONMENT, NOTED_IN: str(notes), STRICT: "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (shop.home.published / "v000001" / "manifest.json").exists()
    assert not notes.exists(), notes.read_text(encoding="utf-8")
