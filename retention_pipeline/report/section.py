"""The parts a page is made of.

Belongs here: their shape. Not here: their content.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """One figure: markup made by ``canvas``, and the words below it."""

    svg: str
    caption: str


@dataclass(frozen=True)
class Meaning:
    """What one thing in the figures says, in the words of the metric catalogue; ``label`` may be empty."""

    label: str
    text: str


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: What it says.
        remark: A quieter second line, or empty.
        tone: Name of the colour its text has on the page, or empty; the text says the same without it.
    """

    text: str
    remark: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Column:
    """Head of a table's column; numbers are aligned to the right."""

    title: str
    is_number: bool = False


@dataclass(frozen=True)
class Grid:
    """A table; the first cell of each row names it."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Section:
    """One chapter of the page; without pictures and tables its notes say why."""

    name: str
    title: str
    meanings: tuple[Meaning, ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Grid, ...] = ()
    notes: tuple[str, ...] = ()
