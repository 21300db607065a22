"""``[schedule]`` of ``retention.toml``, and in which environment this process runs.

Belongs here: when the pipeline runs by itself, and where. Not here: the schedule itself (``defs``).
"""

from __future__ import annotations

import datetime as dt
import os
from typing import Annotated, Literal, get_args

from pydantic import Field

from retention_pipeline.config_sources import Section
from retention_pipeline.core.errors import ConfigError

Environment = Literal["development", "staging", "production"]
ENVIRONMENTS: tuple[Environment, ...] = get_args(Environment)
VARIABLE = "RETENTION_ENVIRONMENT"


class Schedule(Section):
    """``[schedule]``: the night's run, in the shop's time zone."""

    hour: Annotated[int, Field(ge=0, le=23)] = 3
    minute: Annotated[int, Field(ge=0, le=59)] = 0
    running_in: tuple[Environment, ...] = ("production",)
    watch_files: bool = False
    wait_minutes: Annotated[int, Field(ge=0, le=720)] = 60
    retries: Annotated[int, Field(ge=0, le=10)] = 3
    retry_delay_seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    first_date: dt.date | None = None

    def runs_in(self, environment: Environment) -> bool:
        """Whether schedule and sensors are on there without anybody switching them on."""
        return environment in self.running_in


def current_environment() -> Environment:
    """The environment that ``RETENTION_ENVIRONMENT`` names.

    Raises:
        ConfigError: It is not set or names no environment. There is no fallback: a typing mistake would quietly switch
            off the nights of production, or switch on those of a laptop.
    """
    name = os.environ.get(VARIABLE)
    for environment in ENVIRONMENTS:
        if name == environment:
            return environment
    what = "is not set" if name is None else f"is {name!r}"
    raise ConfigError(
        f"{VARIABLE} {what}",
        remedy=f"set it to one of {', '.join(ENVIRONMENTS)}; `retention dev` runs in development by itself",
    )
