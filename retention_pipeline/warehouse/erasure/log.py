"""The log of erasures: what was asked for, what was removed, what is still to be done; and who must never come back.

One JSON object a line, each sealed with a keyed hash over its text and the seal before it: a line that was changed,
taken out or added by anybody without the id key does not go unnoticed. It holds no id and no hash of one, only tags
(``core.erased``). A line is durable before what it announces begins.
Belongs here: reading and writing the log. Not here: doing what it says (``steps``).
"""

from __future__ import annotations

import datetime as dt
import hmac
import json
from dataclasses import dataclass, field
from typing import Any, Final

from retention_pipeline.core.erased import Erased, erasure_key
from retention_pipeline.core.errors import CorruptFileError
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import files

BEGUN: Final = "begun"
"""Somebody is to be erased: their tags, and where they were found."""
REMOVED: Final = "removed"
"""The delivery store, the build and all logs are without them."""
DONE: Final = "done"
"""Every published version is without them, too."""
SEARCHED: Final = "searched"
"""All files were searched once more, by whoever asked and so knew the ids."""
_START = "0" * 64


@dataclass
class Erasure:
    """One erasure as the log tells it.

    Attributes:
        sequence: Its number, from 1.
        begun: The line it began with.
        removed: What the store held, once it is rewritten.
        done: How it ended; None while a published version still holds somebody.
        searched: The search that followed.
    """

    sequence: int
    begun: dict[str, Any]
    removed: dict[str, Any] | None = None
    done: dict[str, Any] | None = None
    searched: dict[str, Any] | None = None


@dataclass
class Log:
    """The log of one home directory."""

    home: Home
    id_key: bytes
    erasures: list[Erasure] = field(default_factory=list)
    _lines: list[str] = field(default_factory=list)
    _seal: str = _START

    @property
    def sequence(self) -> int:
        """Number of the last erasure; 0 when there was none."""
        return self.erasures[-1].sequence if self.erasures else 0

    @property
    def unfinished(self) -> list[Erasure]:
        """Erasures that were begun and are not done."""
        return [each for each in self.erasures if each.done is None]

    @property
    def erased(self) -> Erased:
        """Everybody who has been erased, or is about to be."""

        def all_of(name: str) -> frozenset[str]:
            return frozenset(one for each in self.erasures for one in each.begun[name])

        return Erased(self.id_key, all_of("people"), all_of("orders"), all_of("mentions"))

    def begin(self, content: dict[str, Any]) -> Erasure:
        """Write down that somebody is to be erased; returns the new erasure."""
        erasure = Erasure(self.sequence + 1, content)
        self.erasures.append(erasure)
        self._append(BEGUN, erasure.sequence, content)
        return erasure

    def note(self, erasure: Erasure, kind: str, content: dict[str, Any]) -> None:
        """Write down how far an erasure has come: ``removed``, ``done`` or ``searched``."""
        setattr(erasure, kind, content)
        self._append(kind, erasure.sequence, content)

    def _append(self, kind: str, sequence: int, content: dict[str, Any]) -> None:
        at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        content["at"] = at
        text = json.dumps({"kind": kind, "erasure": sequence, **content}, sort_keys=True)
        self._seal = _sealed(self.id_key, self._seal, text)
        self._lines.append(json.dumps({"seal": self._seal, "entry": json.loads(text)}, sort_keys=True))
        with files.os_errors(self.home.erasures):
            files.replace_atomically(self.home.erasures, "".join(f"{line}\n" for line in self._lines).encode())


def load_log(home: Home, id_key: bytes) -> Log:
    """Read the log; an empty one where nobody was ever erased.

    Raises:
        CorruptFileError: It was changed, or written under another key.
    """
    log = Log(home, id_key)
    if not home.erasures.exists():
        return log
    with files.os_errors(home.erasures):
        text = home.erasures.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            parsed = json.loads(line)
            entry, seal = dict(parsed["entry"]), str(parsed["seal"])
            log._seal = _sealed(id_key, log._seal, json.dumps(entry, sort_keys=True))
            if not hmac.compare_digest(seal, log._seal):
                raise ValueError("seal")
            _understand(log, entry)
        except (ValueError, KeyError, IndexError, TypeError):
            raise CorruptFileError(
                f"{home.erasures}, line {number}: is not what was written there under this id key",
                remedy="restore the file (and keys/id.key) from a backup: without it erased persons would come back",
            ) from None
        log._lines.append(line)
    return log


def check_complete(log: Log, applied: int) -> None:
    """Make sure that the log has not been lost while the store remembers it.

    Raises:
        CorruptFileError: The store was rewritten for an erasure that the log does not know.
    """
    if applied > log.sequence:
        raise CorruptFileError(
            f"{log.home.erasures}: knows {log.sequence} erasures, the delivery store {applied}",
            remedy="restore the file from a backup: without it erased persons would come back",
        )


def _understand(log: Log, entry: dict[str, Any]) -> None:
    kind, sequence = entry.pop("kind"), entry.pop("erasure")
    if kind == BEGUN and sequence == log.sequence + 1:
        log.erasures.append(Erasure(sequence, entry))
    elif kind in {REMOVED, DONE, SEARCHED}:
        setattr(log.erasures[sequence - 1], kind, entry)
    else:
        raise ValueError(kind)


def _sealed(id_key: bytes, before: str, text: str) -> str:
    return hmac.digest(erasure_key(id_key), f"{before}\n{text}".encode(), "sha256").hex()
