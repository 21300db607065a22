"""Keeping secrets out of whatever is written down or sent.

Belongs here: replacing their values. Not here: which part of an error's text may be passed on (``failures``).
"""

from __future__ import annotations

import dataclasses
import os
from typing import Any

from retention_pipeline.alerts.incident import Failure, Incident

_NOT_SECRET = {
    "RETENTION_CONFIG", "RETENTION_HOME", "RETENTION_RECEIVED_ON", "RETENTION_FAILPOINT", "RETENTION_ENVIRONMENT",
    "RETENTION_MEMORY_LIMIT",
}  # fmt: skip
_SHORTEST = 4
"""A shorter value is no secret, and replacing it would garble every text."""


def safe(text: str) -> str:
    """The text without the value of any secret that this process was given in its environment."""
    for name, value in os.environ.items():
        is_secret = name == "PGPASSWORD" or (name.startswith("RETENTION_") and name not in _NOT_SECRET)
        if is_secret and len(value) >= _SHORTEST:
            text = text.replace(value, f"[{name}]")
    return text


def scrubbed_incident(incident: Incident) -> Incident:
    """The incident, every text of it safe."""
    return dataclasses.replace(incident, **_safe_texts(incident))


def scrubbed_failure(failure: Failure) -> Failure:
    """The failure, every text of it safe."""
    return dataclasses.replace(failure, **_safe_texts(failure))


def _safe_texts(one: Incident | Failure) -> dict[str, Any]:
    return {name: safe(value) for name, value in vars(one).items() if type(value) is str}
