"""What a score means: SQL from the kind of an answer to its measure and the ends of its scale.

Belongs here: the configured scales of feedback. Not here: reading the score as a number (``casting``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from retention_pipeline.config import Scale, Settings
from retention_pipeline.intake.identity import TRIMMED
from retention_pipeline.intake.sql import literal, lowered


@dataclass(frozen=True)
class Scales:
    """The scales by the kind of answer they belong to."""

    by_kind: Mapping[str, Scale]

    @classmethod
    def of(cls, settings: Settings) -> Scales:
        """The scales of the shop's feedback; none when it has no feedback."""
        feedback = settings.sources.feedback
        return cls({kind.strip(TRIMMED): scale for kind, scale in feedback.scales.items()} if feedback else {})

    @property
    def measure(self) -> str:
        """What the kind of the row measures."""
        return self._case({kind: literal(scale.measure) for kind, scale in self.by_kind.items()})

    @property
    def columns(self) -> str:
        """Select list of ``measure``, ``scale_min`` and ``scale_max``."""
        low, high = self._ends()
        return f"{self.measure} AS measure, {low} AS scale_min, {high} AS scale_max"

    def kind_reason(self, kind: str) -> str:
        """Reason of a kind without a scale, else NULL."""
        known = ", ".join(map(lowered, self.by_kind))
        return f"CASE WHEN {kind} NOT IN ({known}) THEN 'unknown_feedback_kind' END"

    def score_reason(self, score: str) -> str:
        """Reason of a score that its scale does not have, else NULL."""
        low, high = (f"CAST({end} AS DECIMAL(9,2))" for end in self._ends())
        steps = f"{self.measure} IN ('nps', 'thumbs')"
        return (
            f"CASE WHEN {score} NOT BETWEEN {low} AND {high} OR ({steps} AND {score} <> trunc({score}))"
            f" THEN 'score_out_of_scale' WHEN {score} <> round({score}, 2) THEN 'number_too_many_decimals' END"
        )

    def _ends(self) -> tuple[str, str]:
        low = {kind: repr(scale.min) for kind, scale in self.by_kind.items()}
        high = {kind: repr(scale.max) for kind, scale in self.by_kind.items()}
        return self._case(low), self._case(high)

    @staticmethod
    def _case(values: Mapping[str, str]) -> str:
        return f"CASE kind {' '.join(f'WHEN {lowered(kind)} THEN {value}' for kind, value in values.items())} END"
