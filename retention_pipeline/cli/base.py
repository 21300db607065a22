"""What every command shares: the application, its consoles, how settings and dates are read.

Belongs here: what more than one module of commands needs. Not here: any command (``app`` and ``*_commands``).
"""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from retention_pipeline.config import Settings, load_settings
from retention_pipeline.core.errors import ConfigError

PANELS = {
    "Every night": ("run", "status", "watch", "plan", "backfill"),
    "Read the numbers": ("report", "explain", "query", "restatements", "diff", "reconcile"),
    "Set a shop up": ("demo", "validate", "rfm", "alert-test", "dev"),
    "Put something right": ("doctor", "quarantine", "erase"),
}
"""The commands as the help shows them."""


class _ByPanel(TyperGroup):
    """Shows the commands in panels, not in the order in which their modules are imported."""

    def list_commands(self, ctx: Any) -> list[str]:  # a type of typer's own, private copy of click
        """Names of all commands, panel by panel."""
        for panel, names in PANELS.items():
            for name in names:
                vars(self.commands[name])["rich_help_panel"] = panel
        order = [name for names in PANELS.values() for name in names]
        return sorted(super().list_commands(ctx), key=order.index)


app = typer.Typer(
    cls=_ByPanel,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Customer-retention metrics from a shop's raw files.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
out = Console(width=None if sys.stdout.isatty() else 120)  # a file has no width of its own; 80 would fold tables
err = Console(stderr=True)


def settings_of(context: typer.Context) -> Settings:
    """The settings that the options of every command name."""
    config, home = context.obj
    return load_settings(config, home)


def parse_date(text: str | None, option: str = "--as-of") -> dt.date | None:
    """A date as it is typed.

    Raises:
        ConfigError: It is none; names the option.
    """
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option}: {text!r} is not a date such as 2025-01-31") from None
