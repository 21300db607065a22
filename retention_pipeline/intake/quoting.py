"""Records of a CSV file whose quotes are not as RFC 4180 has them, counted letter by letter.

Belongs here: the exact second opinion on quotes. Not here: the fast count of well-formed files (``prescan``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_START, _PLAIN, _QUOTED, _CLOSED = range(4)


@dataclass
class _State:
    field: int = _START
    opened: int = 0
    """Line on which the open quote stands."""
    runaway: int | None = None
    """Line of a quote that was never properly closed."""


@dataclass(frozen=True)
class Quoting:
    """Records that are not blank (the header included), and the line of a quote that is never closed."""

    records: int
    unclosed_line: int | None


def count_exactly(path: Path, delimiter: str) -> Quoting:
    """Count records where quotes also stand inside unquoted fields or are followed by text.

    A quote inside an unquoted field is a letter. Text after a closing quote is tolerated on the line of its opening
    quote (that record is set aside later); after a line break it means that a quote was left open.
    """
    state = _State()
    records = 0
    is_filled = False
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for number, line in enumerate(stream, start=1):
            text = line.rstrip("\r\n")
            is_filled = is_filled or bool(text) or state.field == _QUOTED
            if '"' in text or state.field == _QUOTED:
                _read_line(state, text, delimiter, number)
            if state.runaway is not None:
                return Quoting(records, state.runaway)
            if state.field != _QUOTED:
                records += is_filled
                is_filled = False
                state.field = _START
    return Quoting(records, state.opened if state.field == _QUOTED else None)


def _read_line(state: _State, text: str, delimiter: str, number: int) -> None:
    for mark in text:
        if state.field == _QUOTED:
            state.field = _CLOSED if mark == '"' else _QUOTED
        elif mark == delimiter:
            state.field = _START
        elif mark == '"' and state.field == _START:
            state.field, state.opened = _QUOTED, number
        elif mark == '"' and state.field == _CLOSED:
            state.field = _QUOTED
        else:
            if state.field == _CLOSED and number != state.opened:
                state.runaway = state.opened
                return
            state.field = _PLAIN
