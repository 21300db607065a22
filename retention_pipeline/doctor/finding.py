"""What a look at one thing came to.

Belongs here: the shape of a finding. Not here: any look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from retention_pipeline.core.errors import ExitCode, RetentionError


class State(StrEnum):
    """How things stand."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"
    REPAIRED = "repaired"


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        area: What was looked at.
        state: How it stands.
        what: In words, with the place.
        remedy: What to do; empty where nothing is to be done.
        exit_code: How the command ends when this is the gravest that remains.
        repair: Puts it right and says how; None where that would not be safe, or needs more than this program.
    """

    area: str
    state: State
    what: str
    remedy: str = ""
    exit_code: ExitCode = ExitCode.INCIDENT_OPEN
    repair: Callable[[], str] | None = None

    def repaired(self) -> Finding:
        """This finding after its repair; the failure of the repair is said with it."""
        if self.repair is None:
            return self
        try:
            done = self.repair()
        except RetentionError as error:
            return replace(self, what=f"{self.what}; could not be repaired: {error.message}", repair=None)
        return replace(self, state=State.REPAIRED, what=self.what, remedy=done, repair=None)


def fine(area: str, what: str) -> Finding:
    """Nothing is wrong."""
    return Finding(area, State.OK, what, exit_code=ExitCode.OK)


def note(area: str, what: str, remedy: str = "", repair: Callable[[], str] | None = None) -> Finding:
    """Something to know for which nobody is needed, though it may be repaired at once."""
    return Finding(area, State.NOTE, what, remedy, ExitCode.OK, repair)


def grave(findings: list[Finding]) -> ExitCode:
    """The exit code for what remains: damage before places that cannot be written before all else."""
    codes = {each.exit_code for each in findings if each.state is State.PROBLEM}
    order = (ExitCode.CORRUPT, ExitCode.STORAGE, ExitCode.INCIDENT_OPEN)
    return next((code for code in order if code in codes), ExitCode.OK)
