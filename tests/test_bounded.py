"""The bounded form of the long suites keeps its time, and every file has its turn."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

SLEEPY = "import time\nimport pytest\n\n@pytest.mark.parametrize('n', range(3))\ndef test_it(n):\n    time.sleep(0.3)\n"


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(
        "from tests.bounded import Bounded, add_options as pytest_addoption\n"
        "def pytest_configure(config):\n"
        "    config.pluginmanager.register(Bounded(config.getoption('--minutes'), config.getoption('--turn')))\n"
    )
    pytester.makepyfile(**{f"test_{name}": SLEEPY for name in "abc"})
    return pytester


def test_what_has_not_begun_in_time_is_skipped(suite: pytest.Pytester) -> None:
    result = suite.inline_run("--minutes", "0.01")
    passed, skipped, failed = result.countoutcomes()
    assert failed == 0
    assert 1 <= passed < 9
    assert passed + skipped == 9


def test_every_file_has_its_turn(suite: pytest.Pytester) -> None:
    first = set()
    for turn in range(20):
        listed = suite.runpytest_inprocess("--collect-only", "-q", "--minutes", "9", "--turn", str(turn)).outlines
        names = [line.partition("::")[0] for line in listed if "::" in line]
        assert [names[0]] * 3 == names[:3]
        first.add(names[0])
    assert first == {"test_a.py", "test_b.py", "test_c.py"}
