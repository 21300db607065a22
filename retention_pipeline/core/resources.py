"""Where the files beside the code are: the dbt project and the data-quality suites.

Belongs here: finding them, in a checkout and in an installed package alike. Not here: reading what is in them.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE_DIR = Path(__file__).resolve().parents[1]


def dbt_project_dir() -> Path:
    """The folder of the dbt project."""
    return _find("dbt_project")


def data_tests_dir() -> Path:
    """The folder of the data-quality suites."""
    return _find("data_tests")


def _find(name: str) -> Path:
    """A folder of this name in the package, else beside it.

    An installed package carries its own copy; only where there is none (a checkout) is the repository's folder used, so
    that a folder of the same name next to an installed package is never picked up.

    Raises:
        FileNotFoundError: Neither exists; the installation is incomplete.
    """
    for folder in (PACKAGE_DIR / "_bundled" / name, PACKAGE_DIR.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"{name}/ is neither in the package nor beside it; install retention-pipeline again")
