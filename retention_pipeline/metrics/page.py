"""``python -m retention_pipeline.metrics.page docs/metrics.md``: put the registry's definitions into the page.

Belongs here: replacing the block between the markers. Not here: the text of the definitions (the registry).
"""

from __future__ import annotations

import sys
from pathlib import Path

from retention_pipeline.metrics.catalog import definitions_table

BEGIN, END = "<!-- metrics:begin (written by `make docs`) -->", "<!-- metrics:end -->"


def with_definitions(text: str) -> str:
    """The text with the block between the markers replaced by the current definitions.

    Raises:
        ValueError: The markers are not there.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the markers {BEGIN} and {END} are missing")
    return f"{before}{BEGIN}\n{definitions_table()}\n{END}{after}"


def main(path: Path) -> None:
    """Rewrite the file."""
    path.write_text(with_definitions(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
