"""Which worker runs which tests (``--dist loadfile``): a file stays together, and a folder whose fixtures cost more.

Belongs here: how tests are grouped. Not here: their order and time (``bounded``).
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

TOGETHER = ("tests/extract/", "tests/quality/", "tests/demo/", "tests/pipeline/")
"""Folders whose fixtures of a session take as long as many of their tests: a server, shops that were run."""


def group_of(nodeid: str) -> str:
    """The name of the group that a test is run with, by one worker."""
    file = nodeid.split("::", 1)[0]
    return next((folder for folder in TOGETHER if file.startswith(folder)), file)


class TogetherScheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist ships no types
    """Groups by :func:`group_of`; marks (``xdist_group``) would not do: pytest 9.2 no longer lets xdist name them."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> TogetherScheduling | None:
    """The scheduler for ``--dist loadfile``; xdist's own for everything else."""
    if config.getvalue("dist") != "loadfile":
        return None
    if config.getoption("minutes", None) is not None:  # else the largest files come first, in every turn
        config.option.loadscopereorder = False
    return TogetherScheduling(config, log)
