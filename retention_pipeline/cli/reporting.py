"""``retention report``: the published version as one HTML page.

Belongs here: where the page is written. Not here: what it shows (``report``).
"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from retention_pipeline.cli.summary import HEADLINES
from retention_pipeline.config import Settings
from retention_pipeline.core.errors import ConfigError
from retention_pipeline.report.page import render_page
from retention_pipeline.warehouse.files import SHARED_FILE, os_errors, replace_atomically
from retention_pipeline.warehouse.read import open_published


def write_report(settings: Settings, console: Console, *, output: Path | None, grain: str | None) -> None:
    """Draw the current version and replace the page; a reader sees the old one or the new one.

    Raises:
        NothingPublishedError: There is no version to report.
        ConfigError: The version holds no such grain, or the output's folder does not exist.
        StorageError: The file cannot be written.
    """
    path = output or settings.home.report
    with open_published(settings.home) as published:
        if path.is_dir() or not path.parent.is_dir():
            raise ConfigError(f"--output: {path} is not a file in a folder that exists")
        page = render_page(
            published,
            shop=settings.shop.name,
            headlines=HEADLINES,
            grain=grain,
            min_cell_size=settings.shop.min_cell_size,
        ).encode()
    with os_errors(path):
        replace_atomically(path, page, SHARED_FILE)
    console.print(f"report  {path}  {len(page) / 1e6:.1f} MB", highlight=False, markup=False, soft_wrap=True)
