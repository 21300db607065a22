"""What one intake did, for people and for the run that asked for it.

Belongs here: counts, reasons, refusals, the decision whether a run may go on. Not here: doing the intake (``ingest``).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from retention_pipeline.config import Settings
from retention_pipeline.core.errors import InputRefusedError

_SHOWN = 3


@dataclass(frozen=True)
class Rejected:
    """Where one record was set aside; never what stood in it."""

    path: str
    line: int
    column: str | None
    reason: str


@dataclass(frozen=True)
class Refusal:
    """A file that was not taken in."""

    source: str
    path: str
    reason: str
    detail: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}: {self.detail}"


@dataclass(frozen=True)
class Excess:
    """A set of deliveries that arrived together with too large a share of quarantined records."""

    source: str
    records: int
    quarantined: int
    reasons: Counter[str]
    examples: tuple[Rejected, ...]

    @property
    def share(self) -> float:
        """Quarantined records as a fraction of all."""
        return self.quarantined / self.records


@dataclass
class SourceReport:
    """One source in one intake; the counts are those of deliveries that were new."""

    name: str
    deliveries_new: int = 0
    days_new: set[dt.date] = field(default_factory=set)
    """Business dates of the new deliveries."""
    deliveries_unchanged: int = 0
    deliveries_superseded: int = 0
    """Deliveries that were current before and no longer are."""
    deliveries_restored: int = 0
    """Earlier deliveries whose content came back: current again, nothing read."""
    deliveries_refused: int = 0
    records: int = 0
    loaded: int = 0
    quarantined: int = 0
    suppressed: int = 0
    erased: int = 0
    """Records of persons who have been erased; nothing of them is kept."""
    reasons: Counter[str] = field(default_factory=Counter)
    rejected: list[Rejected] = field(default_factory=list)
    """The first records of each reason."""
    warnings: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    """Contract column to column of the file, as bound in the last new file."""
    unread: tuple[str, ...] = ()
    """Columns of the last new file that nothing asks for."""

    def reject(self, found: list[Rejected]) -> None:
        """Keep the first records of each reason."""
        kept = Counter(one.reason for one in self.rejected)
        for one in found:
            if kept[one.reason] < _SHOWN:
                kept[one.reason] += 1
                self.rejected.append(one)


@dataclass
class IntakeReport:
    """One intake of all configured sources."""

    sources: dict[str, SourceReport] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    """Files that are refused as they lie there now, whether they arrived today or earlier."""
    excess: list[Excess] = field(default_factory=list)
    """Sets of deliveries beyond ``limits.max_quarantined_share`` that are still in use."""

    def warnings(self) -> list[str]:
        """All warnings, each beginning with its source."""
        return [f"{name}: {line}" for name, source in self.sources.items() for line in source.warnings]

    def raise_for_refusals(self, settings: Settings) -> None:
        """Stop a run whose input is not fit to be published.

        Raises:
            InputRefusedError: A file is refused, or too large a share of the records of one arrival is quarantined.
        """
        problems = [_refusals_of(name, self.refused) for name in self.sources]
        problems += [describe_excess(excess, settings) for excess in self.excess]
        text = [problem for problem in problems if problem]
        if text:
            remedy = self.refused[0].remedy if self.refused else (
                "correct the records and deliver the files again, correct the mapping, or raise the limit;"
                " `retention validate` shows every reason"
            )  # fmt: skip
            raise InputRefusedError("\n".join(text), remedy=remedy)


def _refusals_of(source: str, refused: list[Refusal]) -> str:
    found = [refusal for refusal in refused if refusal.source == source]
    if not found:
        return ""
    lines = [f"  {refusal}" for refusal in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"  … and {len(found) - _SHOWN} more")
    noun = "delivery was" if len(found) == 1 else "deliveries were"
    return "\n".join([f"{source}: {len(found)} {noun} refused", *lines])


def describe_excess(excess: Excess, settings: Settings) -> str:
    """The arrival, its share, the limit and the first records, as text for people."""
    limit = f"limits.max_quarantined_share = {settings.limits.max_quarantined_share:g}"
    part = f"{excess.quarantined} of {excess.records} records ({excess.share:.1%})"
    lines = [f"{excess.source}: {part} were quarantined, more than {limit} allows"]
    lines += [f"  {reason}: {count}" for reason, count in excess.reasons.most_common(_SHOWN)]
    lines += [f"  {one.path}, line {one.line}: {one.reason}" for one in excess.examples]
    return "\n".join(lines)
