"""Names that somebody mistyped: which of the known ones may have been meant.

Belongs here: finding and wording it. Not here: which names there are.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_SHOWN = 12


def meant(given: str, known: Iterable[str]) -> str:
    """``did you mean …?`` and a space, or nothing where no known name is like the given one."""
    close = difflib.get_close_matches(given, sorted(set(known)), n=3, cutoff=0.4)
    return f"did you mean {', '.join(close)}? " if close else ""


def listed(known: Iterable[str]) -> str:
    """The known names, the first of them where there are many."""
    names = sorted(set(known))
    return ", ".join(names[:_SHOWN]) + (f" … ({len(names)} in all)" if len(names) > _SHOWN else "")
