"""``retention doctor``.

Belongs here: the arguments of the command. Not here: what it looks at (``doctor``, ``defs.orphans``), how it shows it.
"""

from __future__ import annotations

from typing import Annotated

import typer

from retention_pipeline.cli.base import app, out, settings_of


@app.command()
def doctor(
    context: typer.Context,
    fix: Annotated[bool, typer.Option("--fix", help="Repair what can be repaired safely.")] = False,
) -> None:
    """Look the home directory over: damage, leftovers of killed runs, places that cannot be written."""
    from retention_pipeline.cli.doctoring import examine

    code = examine(settings_of(context), out, fix=fix)
    if code:
        raise typer.Exit(int(code))
