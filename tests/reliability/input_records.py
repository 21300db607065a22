"""Where the records of a CSV text begin and end, told letter by letter in plain Python.

Belongs here: lines, quotes, commas between cells. Not here: what the cells mean (``input_oracle``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Record:
    line: int
    cells: list[str] | None
    spans_lines_after_fault: bool = False


class UnclosedError(Exception):
    pass


def records_of(text: str) -> list[Record]:
    """Records that are not blank, with the line each begins on."""
    found: list[Record] = []
    place, line = 0, 1
    while place < len(text):
        record, place, line = _one_record(text, place, line)
        if record is not None:
            found.append(record)
    return found


def _line_end(text: str, place: int) -> int:
    """How many letters the line end at a place has; 0 where there is none."""
    if text.startswith("\r\n", place):
        return 2
    return int(place < len(text) and text[place] in "\r\n")


def _one_record(  # noqa: C901  # one automaton, letter by letter
    text: str, place: int, line: int
) -> tuple[Record | None, int, int]:
    begun, start, cells, cell = line, place, [], []
    is_broken = spans = False
    state, opened = "start", line
    while place < len(text):
        mark, end = text[place], _line_end(text, place)
        if state == "quoted":
            if mark == '"':
                state = "closed"
            else:
                cell.append(text[place : place + max(end, 1)])
                spans |= bool(end) and is_broken
                line += bool(end)
            place += max(end, 1)
            continue
        if end:
            break
        place += 1
        if mark == ",":
            cells.append("".join(cell))
            cell, state = [], "start"
        elif mark == '"' and state == "start":
            state, opened = "quoted", line
        elif mark == '"' and state == "closed":
            cell.append('"')
            state = "quoted"
        else:
            if state == "closed":
                if opened != line:
                    raise UnclosedError
                is_broken = True
            cell.append(mark)
            state = "plain"
    if state == "quoted":
        raise UnclosedError
    is_blank = place == start
    end = _line_end(text, place)
    cells.append("".join(cell))
    record = None if is_blank else Record(begun, None if is_broken else cells, spans)
    return record, place + end, line + bool(end)
