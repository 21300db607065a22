"""The command line as a whole: panels of the help, questions that nobody can answer."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from retention_pipeline.cli import app as _commands  # noqa: F401  # registers every command
from retention_pipeline.cli.base import PANELS, app
from retention_pipeline.core.errors import ConfigError

SHOP = """
[shop]
name = "Helped"
timezone = "UTC"
currency = "EUR"
[sources.orders]
path = "orders.csv"
"""


def test_every_command_stands_in_one_panel_and_the_nights_come_first() -> None:
    said = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    shown = re.findall(r"^│ ([a-z][a-z-]*) {2}", said, flags=re.MULTILINE)
    assert shown == [name for names in PANELS.values() for name in names]
    assert [panel for panel in PANELS if f"─ {panel} ─" in said] == list(PANELS)


def test_a_list_on_standard_input_cannot_be_confirmed_there(tmp_path: Path) -> None:
    (tmp_path / "retention.toml").write_text(SHOP, encoding="utf-8")
    ended = CliRunner().invoke(
        app, ["--config", str(tmp_path / "retention.toml"), "erase", "--from", "-"], input="C1\n"
    )
    assert isinstance(ended.exception, ConfigError)
    assert "nobody can be asked" in str(ended.exception)
    assert ended.exception.remedy is not None
    assert "--yes" in ended.exception.remedy
