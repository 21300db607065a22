"""What shares fixtures runs on one worker; a group that no longer groups would only show in the time it takes."""

from __future__ import annotations

import pytest

from tests import workers

pytest_plugins = ["pytester"]

NOTING = (
    "import os, pathlib, pytest\n\n@pytest.mark.parametrize('n', range(4))\ndef test_it(n):\n"
    "    file, worker = pathlib.Path(__file__), os.environ['PYTEST_XDIST_WORKER']\n"
    "    with open({notes!r}, 'a') as notes:\n"
    "        print(file.parent.name, file.stem, worker, file=notes)\n"
)


def test_files_and_some_folders_stay_together(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "from tests import workers\ndef pytest_configure(config):\n    config.pluginmanager.register(workers)\n"
    )
    notes = pytester.path / "notes"
    for folder in ("quality", "apart"):
        place = pytester.path / "tests" / folder
        place.mkdir(parents=True)
        for name in "abc":
            (place / f"test_{folder}_{name}.py").write_text(NOTING.format(notes=str(notes)), encoding="utf-8")
    result = pytester.runpytest_subprocess("-n", "2", "--dist", "loadfile", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=24)
    ran = {tuple(line.split()) for line in notes.read_text(encoding="utf-8").splitlines()}
    assert len({worker for folder, _, worker in ran if folder == "quality"}) == 1
    assert len({(file, worker) for folder, file, worker in ran if folder == "apart"}) == 3
    assert len({worker for _, _, worker in ran}) == 2


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        ("tests/quality/test_gate.py::test_a[x::y]", "tests/quality/"),
        ("tests/core/test_money.py::test_a", "tests/core/test_money.py"),
    ],
)
def test_the_group_of_a_test(nodeid: str, group: str) -> None:
    assert workers.group_of(nodeid) == group
