"""A shop as a user has it: a folder with ``retention.toml`` and a home below it.

Belongs here: what all such shops of the tests have in common. Not here: what is delivered, how the command is run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from retention_pipeline.config import Settings, load_settings
from retention_pipeline.core.home import Home


@dataclass(frozen=True)
class Folder:
    """The folder, and what is read from it."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "retention.toml"

    @property
    def settings(self) -> Settings:
        return load_settings(self.config)

    @property
    def home(self) -> Home:
        return Home(self.folder / ".retention")
