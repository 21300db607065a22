"""Progress on a terminal: one line per finished stage, a live line for the one under way.

Belongs here: drawing. Not here: what the stages are.
"""

from __future__ import annotations

import resource
import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from retention_pipeline.cli.tables import visible


def peak_megabytes() -> float:
    """The largest resident memory of this process so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


class StageProgress:
    """Shows stages as they pass; on a pipe only the finished lines appear."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<16}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[detail]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._name = ""
        self._began = 0.0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish("failed" if kind else "")
        self._bar.stop()

    def stage(self, name: str) -> None:
        """A stage begins; the one before it has ended."""
        self._finish("")
        self._name, self._began = name, time.perf_counter()
        self._task = self._bar.add_task(name, total=None, detail="")

    def step(self, detail: str, done: int, total: int) -> None:
        """Show how far the stage is."""
        if self._task is not None:
            self._bar.update(self._task, completed=done, total=total, detail=escape(visible(detail)))

    def warn(self, message: str) -> None:
        """Show the message above the line of the stage under way."""
        self._console.print(f"  [yellow]warning[/] {escape(visible(message))}", highlight=False, soft_wrap=True)

    def _finish(self, note: str) -> None:
        if self._task is None:
            return
        self._bar.remove_task(self._task)
        self._task = None
        seconds = time.perf_counter() - self._began
        self._console.print(
            f"  {self._name:<14} {seconds:7.1f} s {peak_megabytes():7.0f} MB  {note}".rstrip(), highlight=False
        )
