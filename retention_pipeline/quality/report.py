"""What a gate found: outcomes, the message for the person who runs the pipeline, the rows that are published.

Belongs here: results and their wording. Not here: how they were obtained (``gate``, ``evaluation``).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from retention_pipeline.core.errors import GateFailedError

Outcome = Literal["passed", "failed", "error", "not_applicable"]
_SHOWN = 20
_CODE = "nothing in the files explains it: a fault of the pipeline's own code; report it with the names of the checks"
_REMEDIES = {
    "raw": "correct the files of the deliveries named above (`retention validate` shows what is in them) and run again",
    "staging": "check currency and time zone in the configuration against the orders named above; if they are right, "
    + _CODE,
    "marts": _CODE,
    "metrics": _CODE,
}


@dataclass(frozen=True)
class CheckResult:
    """The result of one expectation of one table.

    Attributes:
        table: ``schema.table``.
        check: Name in the suite; ``name.column`` where a check stands for several columns.
        description: The meaning of the check, one sentence.
        unexpected_count: Violating rows, where the check counts them.
        examples: Keys of violating rows; customers are withheld, even as keyed hashes.
        seconds: Wall time of the suite the check ran in; checks of a suite share their statements.
    """

    table: str
    check: str
    outcome: Outcome
    description: str
    expected: str = ""
    observed: str = ""
    unexpected_count: int | None = None
    examples: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def blocks(self) -> bool:
        """Whether nothing may be published after this result."""
        return self.outcome in {"failed", "error"}

    @property
    def message(self) -> str:
        """The result as text for people."""
        head = f"{self.outcome.upper()} {self.table}: {self.check}: {self.description}"
        if self.outcome == "error":
            return f"{head}\n    could not be evaluated: {self.observed}"
        lines = [head, f"    expected {self.expected}; observed {self.observed}"]
        if self.examples:
            lines.append("    for example " + "; ".join(self.examples))
        return "\n".join(lines)


@dataclass(frozen=True)
class GateReport:
    """All results of one gate."""

    stage: str
    results: tuple[CheckResult, ...]

    @property
    def blocking(self) -> tuple[CheckResult, ...]:
        """The results that forbid publication: failed, and not evaluated."""
        return tuple(result for result in self.results if result.blocks)

    @property
    def counts(self) -> Counter[Outcome]:
        """How many results have each outcome."""
        return Counter(result.outcome for result in self.results)

    def raise_if_blocking(self) -> None:
        """Do nothing when every check passed or does not apply.

        Raises:
            GateFailedError: Names each blocking check, what was expected and observed, and examples.
        """
        blocking = self.blocking
        if not blocking:
            return
        counts = self.counts
        summary = (
            f"gate {self.stage}: {counts['failed']} check(s) failed, {counts['error']} could not be evaluated, "
            f"{counts['passed']} passed; nothing is published, the last published version stays as it is"
        )
        # A table that cannot be read fails all its checks with one reason, which is worth saying once.
        messages = list(
            {
                (each.table, each.observed if each.outcome == "error" else each.check): each.message
                for each in reversed(blocking)
            }.values()
        )[::-1]
        lines = [summary, *messages[:_SHOWN]]
        if len(messages) > _SHOWN:
            lines.append(f"… and {len(messages) - _SHOWN} more")
        raise GateFailedError("\n".join(lines), remedy=_REMEDIES[self.stage])

    def to_rows(self) -> list[dict[str, str | int | None]]:
        """The results as rows of the published table ``_check_results``: the same for the same data."""
        return [
            {
                "stage": self.stage,
                "table_name": result.table,
                "check_name": result.check,
                "meaning": result.description,
                "outcome": result.outcome,
                "expected": result.expected,
                "observed": result.observed,
                "unexpected_count": result.unexpected_count,
            }
            for result in sorted(self.results, key=lambda result: (result.table, result.check))
        ]
