"""Cells that a spreadsheet would run as formulas, made harmless and given back.

Belongs here: the one rule for every CSV file that the product writes for people. Not here: writing the files.
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What starts a formula, also in its full-width form; apostrophes in front of it count, so that they come back."""


def neutral(text: str) -> str:
    """The text, behind an apostrophe where a spreadsheet would take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def restored(text: str) -> str:
    """The text that ``neutral`` was given; any other text as it is."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text
