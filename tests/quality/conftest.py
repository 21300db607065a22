"""The shop, run through the pipeline once, and the bench its tables are damaged on."""

from __future__ import annotations

import pytest

from tests.quality.bench import Bench
from tests.quality.shop import Files, make_shop
from tests.quality.tiny import TinyFiles, make_tiny


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
