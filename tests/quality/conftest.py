"""The shop, run through the pipeline once, and the bench its tables are damaged on."""

from __future__ import annotations

import pytest

from tests.quality.bench import Bench
from tests.quality.shop import Files, make_shop
from tests.quality.tiny import TinyFiles, make_tiny


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of the shop on one worker: making it takes longer than all of them."""
    for item in items:
        if "shop_files" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("shop_of_the_suites"))


@pytest.fixture(scope="session")
def shop_files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The shop's files; nobody writes to them."""
    return make_shop(tmp_path_factory.mktemp("quality") / "shop")


@pytest.fixture(scope="session")
def bench(shop_files: Files) -> Bench:
    """Where the shop is damaged and made whole again."""
    return Bench(shop_files)


@pytest.fixture(scope="session")
def tiny_files(tmp_path_factory: pytest.TempPathFactory) -> TinyFiles:
    """Fifteen orders; nobody writes to them."""
    return make_tiny(tmp_path_factory.mktemp("tiny"))
