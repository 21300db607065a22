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
class Section:
    """One chapter of the page; without pictures its notes say why."""

    name: str
    title: str
    meanings: tuple[Meaning, ...] = ()
    pictures: tuple[Picture, ...] = ()
    notes: tuple[str, ...] = ()
