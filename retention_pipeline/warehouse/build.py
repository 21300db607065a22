"""The private build file and the record of which stage was made from which inputs.

Belongs here: starting afresh, remembering finished stages, refusing to mix. Not here: what a stage builds.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retention_pipeline.core.errors import InconsistentStateError
from retention_pipeline.core.failpoints import failpoint
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import base, files
from retention_pipeline.warehouse.base import Base, Plan

STAGES = ("raw", "staging", "marts", "metrics")
"""Stages in order. Recorded beside them: ``gate:<stage>`` once its checks have passed, ``<stage>:<part>`` for parts."""

_FORMAT = 2


@dataclass(frozen=True)
class Inputs:
    """What a run computes from. Two runs with equal fingerprints compute the same.

    Attributes:
        fingerprint: Of everything: deliveries, date and ``rules``.
        rules: Fingerprint of configuration, code, libraries and key: what is done with the deliveries.
    """

    fingerprint: str
    as_of: dt.date
    data_through: dict[str, dt.date | None] = field(hash=False)
    run_id: str
    rules: str = ""

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        through = {name: day and day.isoformat() for name, day in self.data_through.items()}
        return {
            "fingerprint": self.fingerprint,
            "as_of": self.as_of.isoformat(),
            "data_through": through,
            "run_id": self.run_id,
            "rules": self.rules,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Inputs:
        """The inverse of :meth:`to_json`."""
        through = {name: day and dt.date.fromisoformat(day) for name, day in content["data_through"].items()}
        as_of = dt.date.fromisoformat(content["as_of"])
        return cls(content["fingerprint"], as_of, through, content["run_id"], content["rules"])


@dataclass(frozen=True)
class Record:
    """One finished stage: what it was made from, and what the stage wants to be remembered (JSON values)."""

    inputs: Inputs
    detail: dict[str, Any]


class BuildState:
    """The record of finished stages; every change is durable before the method returns."""

    def __init__(self, home: Home) -> None:
        self._home = home

    @property
    def _files(self) -> tuple[Path, Path]:
        return self._home.build, self._home.build.with_name(self._home.build.name + ".wal")

    @property
    def inputs(self) -> Inputs | None:
        """What the build file was begun for; ``None`` when there is none."""
        content = self._load()
        return Inputs.from_json(content["inputs"]) if content else None

    @property
    def plan(self) -> Plan:
        """How the build file is being made."""
        content = self._load()
        return Plan.from_json(content["plan"]) if content else Plan(None, "there was no earlier build")

    def begin(self, inputs: Inputs, *, anew: bool = False, forbidden: str | None = None) -> bool:
        """Make the build file one for these inputs.

        It is kept as it is when it already is one for them, carried on when it is the base of an incremental build, and
        emptied otherwise; :attr:`plan` says which and why.

        Args:
            inputs: What the run computes from.
            anew: Empty it in any case.
            forbidden: Why it must not be the base of an incremental build, whatever it is like; None where it may be.

        Returns:
            Whether the build file was emptied.
        """
        content = self._load()
        changing = content["changing"] if content else None
        is_same = content is not None and content["inputs"]["fingerprint"] == inputs.fingerprint
        if content and is_same and not anew and not changing and (self._home.build.exists() or not self.plan.base):
            return False
        found = Base.from_json(content["base"]) if content and content["base"] else None
        reasons = {
            "it was asked for": anew,
            f"an earlier run ended while {changing} was under way: stopped, or a check failed": bool(changing),
        }
        why_not = next((why for why, holds in reasons.items() if holds), forbidden)
        why_not = why_not or base.objection(self._home, found, rules=inputs.rules, as_of=inputs.as_of)
        if why_not is not None:
            self._empty()
        self._start(inputs, Plan(None if why_not else found, why_not))
        return why_not is not None

    def _empty(self) -> None:
        with files.os_errors(self._home.build):
            files.make_dir(self._home.build.parent)
            # first forget, then delete: a kill in between leaves nothing that claims to be built
            self._home.build_state.unlink(missing_ok=True)
            files.fsync_path(self._home.build.parent)
            failpoint("build.after_forget")
            for path in self._files:
                files.remove(path)
            failpoint("build.before_begin")

    def _start(self, inputs: Inputs, plan: Plan) -> None:
        begun = {"format": _FORMAT, "inputs": inputs.to_json(), "stages": {}, "changing": None}
        self._save({**begun, "plan": plan.to_json(), "base": plan.to_json()["base"]})

    def change(self, what: str) -> None:
        """Note durably that the base is about to be changed or judged: to end before ``what`` is marked spoils it."""
        content = self._load()
        if content and content["plan"]["base"]:
            self._save({**content, "changing": what, "base": None})
            failpoint("build.after_change")

    def replan(self, why: str) -> None:
        """The rest of the build is made anew, although it was begun as an incremental one."""
        content = self._load()
        if content:
            self._save({**content, "plan": Plan(None, why).to_json()})

    def seal(self, inputs: Inputs) -> None:
        """The build is published: a later one may be carried on from it."""
        content = self._load()
        if content and content["inputs"]["fingerprint"] == inputs.fingerprint:
            failpoint("build.before_seal")
            sealed = Base(inputs.fingerprint, inputs.as_of, inputs.rules, base.row_counts(self._home))
            self._save({**content, "base": sealed.to_json()})

    def clear(self, stage: str) -> None:
        """Forget a stage that is about to be replaced, its gate, and the stages built on it; a gate: only itself."""
        content = self._load()
        if not content:
            return
        later = STAGES[STAGES.index(stage) + 1 :] if stage in STAGES else ()
        gone = {stage, f"gate:{stage}"}
        kept = {
            name: record
            for name, record in content["stages"].items()
            if name not in gone and _stage_of(name) not in later
        }
        if kept != content["stages"]:
            self._save({**content, "stages": kept})

    def require(self, stage: str, inputs: Inputs) -> Record:
        """The record of a stage (or of ``gate:<stage>``) that was made from exactly these inputs.

        Raises:
            InconsistentStateError: It was not built, was built from other inputs, or its tables are gone; says which
                assets to select as well.
        """
        plain, is_gate = _stage_of(stage), stage.startswith("gate:")
        what = f"the checks of {plain}" if is_gate else stage
        remedy = f"select also {plain}/* with its checks, or run the whole pipeline"
        record = (self._load() or {"stages": {}})["stages"].get(stage)
        if record is None:
            verb = "have not passed" if is_gate else "has not been built"
            raise InconsistentStateError(f"{what} {verb} for as_of {inputs.as_of}", remedy=remedy)
        found = Record(Inputs.from_json(record["inputs"]), record["detail"])
        if found.inputs.fingerprint != inputs.fingerprint:
            verb = "passed on" if is_gate else "was built from"
            raise InconsistentStateError(
                f"{what} {verb} other inputs (as_of {found.inputs.as_of}, run {found.inputs.run_id}); "
                f"this run is for as_of {inputs.as_of} (fingerprint {inputs.fingerprint[:12]})",
                remedy=remedy,
            )
        if plain != "raw" and not self._home.build.exists():
            raise InconsistentStateError(f"{plain}: the build file {self._home.build} is gone", remedy=remedy)
        return found

    def find(self, stage: str, inputs: Inputs) -> Record | None:
        """The record of a stage (or gate) made from exactly these inputs, if there is one: it can be kept."""
        try:
            return self.require(stage, inputs)
        except InconsistentStateError:
            return None

    def mark(self, stage: str, inputs: Inputs, detail: dict[str, Any] | None = None) -> None:
        """Record that a stage (or ``gate:<stage>``) is finished; call it after its last transaction has committed.

        Raises:
            InconsistentStateError: The build file was begun for other inputs.
        """
        content = self._load()
        if not content or content["inputs"]["fingerprint"] != inputs.fingerprint:
            raise InconsistentStateError(
                f"{stage} was built for as_of {inputs.as_of}, but the build file belongs to other inputs",
                remedy="run the whole pipeline",
            )
        if _stage_of(stage) not in STAGES:
            raise ValueError(f"unknown stage {stage!r}")
        self._make_durable()
        failpoint("build.before_mark")
        content["stages"][stage] = {"inputs": inputs.to_json(), "detail": detail or {}}
        content["changing"] = None
        self._save(content)

    def _make_durable(self) -> None:
        """Flush what the stage wrote, so that the record never outlives the tables it vouches for."""
        with files.os_errors(self._home.build):
            for path in (self._home.store, *self._files):
                if path.exists():
                    files.fsync_path(path)
            files.fsync_path(self._home.build.parent)

    def _load(self) -> dict[str, Any] | None:
        """The state; ``None`` when there is none or it cannot be understood: it is as disposable as the build file."""
        try:
            content: dict[str, Any] = json.loads(self._home.build_state.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return content if content.get("format") == _FORMAT else None

    def _save(self, content: dict[str, Any]) -> None:
        with files.os_errors(self._home.build_state):
            files.replace_atomically(self._home.build_state, json.dumps(content, indent=1).encode())


def _stage_of(name: str) -> str:
    """The stage that a record (of the stage, its gate or a part) belongs to."""
    return name.removeprefix("gate:").partition(":")[0]
