"""``[alerts]`` of ``retention.toml``: what counts as an incident, and the mail server that hears of it.

Belongs here: the keys and their checks. Not here: secrets (they come from the environment, ``SECRET_VARIABLES``), what
an incident is (``alerts``).
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from retention_pipeline.config_sources import Section, Source

SLACK_URL = "RETENTION_SLACK_URL"
WEBHOOK_URL = "RETENTION_WEBHOOK_URL"
SMTP_PASSWORD = "RETENTION_SMTP_PASSWORD"  # noqa: S105  # the name of the variable, not its value
SECRET_VARIABLES = frozenset({SLACK_URL, WEBHOOK_URL, SMTP_PASSWORD})

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
Address = Annotated[str, StringConstraints(pattern=r"^[^@\s<>,]+@[^@\s<>,]+$")]


class Smtp(Section):
    """``[alerts.smtp]``: the mail server; the section switches mail on, the password comes from the environment."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    sender: Address
    recipients: Annotated[tuple[Address, ...], Field(min_length=1)]
    starttls: bool = True
    username: str | None = None

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> Self:
        if self.username is not None and not self.starttls and self.host not in _LOOPBACK:
            raise ValueError("a password would travel unencrypted: set starttls = true, or leave out username")
        return self


class Alerts(Section):
    """``[alerts]``: limits of freshness, hours by which files are due, how often an open incident is repeated."""

    freshness_days: Annotated[int, Field(ge=0)] = 2
    remind_hours: Annotated[float, Field(ge=0)] = 0
    due_hours: dict[str, Annotated[int, Field(ge=0, le=23)]] = Field(default_factory=dict)
    smtp: Smtp | None = None

    def check_sources(self, configured: dict[str, Source]) -> None:
        """Raise ValueError where an hour is set for a source that does not deliver one file a day."""
        for name in self.due_hours:
            source = configured.get(name)
            if source is None or not source.is_dated or source.cadence != "daily":
                raise ValueError(f"alerts.due_hours.{name}: is no configured source with one file a day")
