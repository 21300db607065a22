"""What holds for all tests.

Property tests look at the same examples in every run, so that a change is judged by what it changes;
``HYPOTHESIS_PROFILE=explore`` looks for new ones.
No test uses the network: neither this process nor any that it starts can (``tests/offline``).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from tests import workers
from tests.bounded import Bounded, add_options
from tests.offline.sitecustomize import NOTED_IN

OFFLINE = Path(__file__).parent / "offline"
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(OFFLINE), os.environ.get("PYTHONPATH")]))
if NOTED_IN not in os.environ:  # the workers of one session share the file
    descriptor, notes = tempfile.mkstemp(prefix="offline-tests-")
    os.close(descriptor)
    os.environ[NOTED_IN] = notes

settings.register_profile("same", derandomize=True)
settings.register_profile("explore", derandomize=False, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of all tests."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Tests that belong together on one worker; a bounded session where one was asked for."""
    config.pluginmanager.register(workers)
    if config.getoption("--minutes") is not None:
        config.pluginmanager.register(Bounded(config.getoption("--minutes"), config.getoption("--turn")))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the session when something reached for the network, even where the error was swallowed."""
    if hasattr(session.config, "workerinput"):
        return
    notes = Path(os.environ[NOTED_IN])
    attempts = notes.read_text(encoding="utf-8") if notes.exists() else ""
    notes.unlink(missing_ok=True)
    if attempts:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        assert reporter is not None
        reporter.write_line(f"\nthe network was asked for:\n{attempts}")
