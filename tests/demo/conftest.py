"""The demo shops that several tests look at, each written once."""

from __future__ import annotations

from pathlib import Path

import pytest

from retention_pipeline.demo.shop import write_shop
from retention_pipeline.demo.truth import Truth
from tests.demo.recount import Recount, recount


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Writing and recounting three years takes longer than all the other tests of the demo shop."""
    for item in items:
        if "default_shop" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session")
def default_shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("default")
    return folder, write_shop(folder)


@pytest.fixture(scope="session")
def default_recount(default_shop: tuple[Path, Truth]) -> Recount:
    return recount(default_shop[0])


@pytest.fixture(scope="session")
def tiny_shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("tiny")
    return folder, write_shop(folder, customers=200, days=120)
