from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from retention_pipeline.cli.reporting import write_report
from retention_pipeline.core.errors import ConfigError
from tests.pipeline.conftest import ShopFolder
from tests.report.reading import Page

HEADINGS = {"Retention rate", "Cohorts: who comes back", "Revenue bridge", "What customers say"}


def test_the_report_of_the_demo_shop_holds_every_section_and_repeats_to_the_byte(
    published_shop: ShopFolder, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.html", tmp_path / "second.html"
    for path in (first, second):
        write_report(published_shop.settings, Console(quiet=True), output=path, grain=None)
    assert first.read_bytes() == second.read_bytes()
    page = Page(first.read_text(encoding="utf-8"))
    assert set(page.texts) >= HEADINGS
    assert "Demo shop: customer retention" in page.texts
    assert published_shop.version() in page.texts
    assert page.tags.isdisjoint({"script", "img", "image", "link"})


@pytest.mark.long
def test_the_command_writes_into_the_home_unless_told_otherwise(shop: ShopFolder) -> None:
    done = shop.command("report", "--grain", "week")
    assert done.returncode == 0, done.stderr
    path = shop.settings.home_dir / "report.html"
    assert str(path) in done.stdout
    assert "Latest final weeks" in path.read_text(encoding="utf-8")


def test_the_report_does_not_change_what_is_published(shop: ShopFolder) -> None:
    before = shop.served_bytes()
    write_report(shop.settings, Console(quiet=True), output=None, grain="month")
    assert shop.served_bytes() == before


def test_a_folder_that_does_not_exist_is_a_usage_error(published_shop: ShopFolder, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a file in a folder that exists"):
        write_report(published_shop.settings, Console(quiet=True), output=tmp_path / "no" / "x.html", grain=None)
