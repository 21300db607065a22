"""Repaired records on their way into the store: found, judged, taken in as deliveries beside those they repair.

A repair takes in whole rows that nothing is wrong with. A row that nobody changed and that still does not fit stays set
aside; one that was changed and does not fit refuses the whole file, since whoever can mend it is there.
Belongs here: the order of things, and the decision about each row. Not here: the file (``repair_file``), the tables
(``repair_store``).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retention_pipeline.config import Settings
from retention_pipeline.core.erased import Erased
from retention_pipeline.core.errors import ConfigError, InputRefusedError
from retention_pipeline.intake.contracts import contract_of
from retention_pipeline.intake.fields import Contract
from retention_pipeline.intake.mapping import mapping_hash
from retention_pipeline.intake.quarantine import HASHED, SetAside, Wanted, records
from retention_pipeline.intake.repair_file import RepairFile, RepairRow
from retention_pipeline.intake.repair_store import Target, find_targets, judge

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SHOWN = 5
CUT = 200
"""Texts of the quarantine are kept up to so many characters."""


@dataclass(frozen=True)
class Candidate:
    """One row of the file beside what was kept of its record."""

    row: RepairRow
    target: Target
    kept: SetAside
    old_cells: tuple[str, ...]

    @property
    def is_changed(self) -> bool:
        """Whether a person changed anything in it."""
        return self.row.cells != self.old_cells

    @property
    def sha256(self) -> str:
        """Checksum of its cells."""
        return hashlib.sha256(json.dumps(self.row.cells).encode()).hexdigest()


@dataclass
class Repair:
    """What a file comes to.

    Attributes:
        source: The source it is of.
        mapping: Fingerprint of the configuration it is read with.
        taken: Rows to take in.
        left: Rows that are as they were and still do not fit, with their reasons.
        already: Rows that were taken in before with the same cells.
        changed: How many cells of each column a person changed.
    """

    source: str
    mapping: str
    taken: list[Candidate] = field(default_factory=list)
    left: list[tuple[Candidate, str]] = field(default_factory=list)
    already: list[Candidate] = field(default_factory=list)
    changed: Counter[str] = field(default_factory=Counter)


def prepare_repair(
    connection: DuckDBPyConnection,
    settings: Settings,
    id_key: bytes,
    file: RepairFile,
    erased: Erased | None = None,
) -> Repair:
    """Decide about every row; ``intake_typed`` holds the judged records afterwards, the store is not touched.

    Raises:
        ConfigError: The source is not configured, or writes its values in a way that the file cannot.
        InputRefusedError: A row names no record that is set aside, was repaired otherwise, or does not fit; says which.
    """
    targets = find_targets(connection, file.deliveries)
    source = _source(settings, file, targets)
    contract, mapping = contract_of(settings, source), mapping_hash(settings, source)
    _check_readable(settings, source, mapping, targets)
    problems: list[str] = []
    candidates = _candidates(connection, contract, file, targets, problems)
    repair = Repair(source, mapping)
    fresh = [candidate for candidate in candidates if not _is_known(candidate, repair, problems)]
    fresh = [candidate for candidate in fresh if not _is_doubtful(candidate, contract, repair, problems)]
    _raise_for(file, problems)
    found = judge(connection, settings, contract, id_key, [(each.target, each.row) for each in fresh], erased)
    for candidate, problem in zip(fresh, found, strict=True):
        if problem is None:
            repair.taken.append(candidate)
        elif candidate.is_changed:
            problems.append(f"row {candidate.row.number} ({_where(candidate)}): {problem}")
        else:
            repair.left.append((candidate, problem))
    _raise_for(file, problems)
    for candidate in repair.taken:
        pairs = zip(contract.names, candidate.row.cells, candidate.old_cells, strict=True)
        repair.changed.update(name for name, new, old in pairs if new != old)
    return repair


def _source(settings: Settings, file: RepairFile, targets: dict[str, Target]) -> str:
    gone = [name for name in file.deliveries if name not in targets]
    if gone or not targets:
        named = ", ".join(map(repr, gone[:_SHOWN])) or "none"
        raise InputRefusedError(
            f"{file.path}: no delivery that counts now: {named}; nothing was taken in",
            remedy="another file has come for the day since; write the file anew with `quarantine show --csv`",
        )
    sources = sorted({target.source for target in targets.values()})
    if len(sources) > 1:
        raise InputRefusedError(
            f"{file.path}: holds records of {', '.join(sources)}; nothing was taken in", remedy="one source, one file"
        )
    if sources[0] not in settings.sources.configured():
        raise ConfigError(f"{settings.config_path}: [sources.{sources[0]}] is not configured")
    return sources[0]


def _check_readable(settings: Settings, name: str, mapping: str, targets: dict[str, Target]) -> None:
    """The kept text must mean today what it meant when the file was read."""
    source = settings.sources.configured()[name]
    is_plain = source.format == "csv" and source.select is None and not source.is_database
    if not is_plain and (source.timestamp_format, source.decimal, source.thousands) != ("iso", ".", ""):
        raise ConfigError(
            f"{settings.config_path}: sources.{name}: records of typed files cannot be repaired while the source says"
            " how text is written",
            remedy="take timestamp_format, decimal and thousands out of the source, or deliver the day again",
        )
    for target in targets.values():
        if target.mapping_hash != mapping:
            raise ConfigError(
                f"{target.path} was read under another configuration of sources.{name}",
                remedy="run the pipeline, which reads the file anew, then write the repair file anew",
            )


def _candidates(
    connection: DuckDBPyConnection,
    contract: Contract,
    file: RepairFile,
    targets: dict[str, Target],
    problems: list[str],
) -> list[Candidate]:
    kept = {
        (record.delivery_id, record.line): record
        for record in records(connection, Wanted(source=contract.source, with_repaired=True))
    }
    found: dict[tuple[str, int], Candidate] = {}
    for row in file.of(contract):
        target = targets[row.delivery_id]
        record = kept.get((target.delivery_id, row.line))
        if record is None:
            problems.append(f"row {row.number}: line {row.line} of {target.path} was not set aside")
        elif (target.delivery_id, row.line) in found:
            problems.append(f"row {row.number}: line {row.line} of {target.path} stands twice")
        else:
            cells = tuple(record.cells(contract))
            found[target.delivery_id, row.line] = Candidate(row, target, record, cells)
    return list(found.values())


def _is_known(candidate: Candidate, repair: Repair, problems: list[str]) -> bool:
    """Whether the record was repaired before; with other cells that is a problem."""
    kept = candidate.kept
    if kept.resolved_by is None:
        return False
    if kept.resolved_sha256 == candidate.sha256:
        repair.already.append(candidate)
    elif candidate.is_changed:
        problems.append(
            f"row {candidate.row.number} ({_where(candidate)}): was repaired otherwise before; first undo repair"
            f" {kept.resolved_by}"
        )
    return True


def _is_doubtful(candidate: Candidate, contract: Contract, repair: Repair, problems: list[str]) -> bool:
    """Whether a cell cannot be taken at its word."""
    said = None
    for contract_field, new, old in zip(contract.fields, candidate.row.cells, candidate.old_cells, strict=True):
        if new == old and len(old) == CUT and contract_field.type != "customer":
            said = f"{contract_field.name}: only its first {CUT} characters were kept; write it out"
        elif contract_field.type == "customer" and new.startswith(HASHED) and new != old:
            said = f"{contract_field.name}: is the hash of another record"
        elif contract_field.name == contract.word and new.strip() and not candidate.target.has_word:
            said = f"{contract_field.name}: the file had no such column"
    if said is None:
        return False
    if candidate.is_changed:
        problems.append(f"row {candidate.row.number} ({_where(candidate)}): {said}")
    else:
        repair.left.append((candidate, said))
    return True


def _where(candidate: Candidate) -> str:
    return f"{candidate.target.path}, line {candidate.row.line}"


def _raise_for(file: RepairFile, problems: Sequence[str]) -> None:
    if not problems:
        return
    more = [f"  … and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
    lines = [f"{file.path}: {len(problems)} rows cannot be taken in, so none was"]
    raise InputRefusedError(
        "\n".join([*lines, *(f"  {problem}" for problem in problems[:_SHOWN]), *more]),
        remedy="correct these rows, or leave them out, and replay the file again",
    )


def by_target(repair: Repair) -> dict[Target, dict[int, str]]:
    """The rows to take in by the delivery they repair: line to the checksum of its cells."""
    found: dict[Target, dict[int, str]] = {}
    for candidate in sorted(repair.taken, key=lambda each: (each.target.delivery_id, each.row.line)):
        found.setdefault(candidate.target, {})[candidate.row.line] = candidate.sha256
    return found
