"""Which files of a source lie in its landing place.

Belongs here: path templates, dates in names, files that are not there. Not here: opening a file.
"""

from __future__ import annotations

import datetime as dt
import glob
import re
from dataclasses import dataclass
from pathlib import Path

from retention_pipeline.config import Settings, Source
from retention_pipeline.core.errors import ConfigError, InputRefusedError
from retention_pipeline.core.window import Window

_SPELLINGS = ("%Y-%m-%d", "%Y%m%d", "%Y_%m_%d", "%Y.%m.%d", "%d.%m.%Y", "%d-%m-%Y", "%d_%m_%Y", "%d%m%Y", "%y%m%d")
_DIRECTIVE = re.compile(r"%-?[A-Za-z]")
_PROBE = (dt.date(2023, 12, 30), dt.date(2023, 12, 31), dt.date(2024, 1, 1), dt.date(2024, 11, 12))


@dataclass(frozen=True)
class Found:
    """One file that is there."""

    path: Path
    shown: str
    """The path as the configuration spells it, relative to the configuration's folder."""
    business_date: dt.date | None
    """The date in the name; ``None`` for a history file."""
    known_until: dt.date | None = None
    """Rows of a history count as known on this day at the latest; ``None``: no limit."""
    typed: frozenset[str] = frozenset()
    """Contract columns whose text was written from typed values."""


@dataclass(frozen=True)
class Landing:
    """The files of one source in the order of their dates, and names that look like them but hold no date."""

    files: tuple[Found, ...]
    ignored: tuple[str, ...]

    def within(self, window: Window) -> Landing:
        """The part of it whose dates lie in a window."""
        return Landing(tuple(file for file in self.files if file.business_date in window), self.ignored)


def discover(settings: Settings, name: str, *, has_deliveries: bool = False) -> Landing:
    """Find the files of a source.

    A source that is read from a database has none; what is read becomes files only while it is taken in.

    Args:
        settings: The shop.
        name: The source.
        has_deliveries: Whether earlier files are in the store already; then an empty landing folder is no mistake.

    Raises:
        ConfigError: The date format cannot name a day.
        InputRefusedError: The history file, the folder, or any file of a dated source is missing.
    """
    source = settings.sources.configured()[name]
    if source.is_database:
        return Landing((), ())
    where = f"{settings.config_path}: sources.{name}.path"
    if not source.is_dated:
        path = settings.resolve(source.path)
        if not path.is_file():
            raise InputRefusedError(
                f"{where}: there is no file {source.path!r}",
                remedy="deliver the file, or correct the path (it is relative to the configuration's folder)",
            )
        return Landing((Found(path, source.path, None),), ())
    _check_date_format(source, where)
    landing = _dated(settings, source)
    before, _ = source.split_path()
    folder = settings.resolve(before if before.endswith("/") else str(Path(before).parent))
    if not landing.files and not (has_deliveries and folder.is_dir()):
        raise InputRefusedError(
            f"{where}: no file matches {source.path!r}",
            remedy=_other_spelling(settings, source, folder)
            or "deliver at least one file, or correct the path (it is relative to the configuration's folder)",
        )
    return landing


def _other_spelling(settings: Settings, source: Source, folder: Path) -> str | None:
    """What to write when the files are there and spell their dates in another way."""
    before, after = source.split_path()
    start = len(str(settings.resolve(before))) if before and not before.endswith("/") else len(str(folder)) + 1
    names = [str(path) for path in sorted(folder.glob("*")) if path.is_file()]
    middles = [name[start : len(name) - len(after)] for name in names
               if name.startswith(str(settings.resolve(before))) and name.endswith(after)]  # fmt: skip
    if not middles:
        return None
    shown = f"the folder holds {len(middles)} such files, for example {before}{middles[-1]}{after}"
    fitting = next((each for each in _SPELLINGS if all(_parse(middle, each) for middle in middles)), None)
    return (
        f'{shown}: write path = "{before}{{date:{fitting}}}{after}"' if fitting else f"{shown}: name their date format"
    )


def first_date(settings: Settings) -> dt.date | None:
    """The oldest business date that a file of any daily source lies in the landing place for."""
    sources = [source for source in settings.sources.configured().values() if source.is_dated and source.path]
    days = [file.business_date for source in sources for file in _dated(settings, source).files]
    return min((day for day in days if day is not None), default=None)


def _check_date_format(source: Source, where: str) -> None:
    texts = {day.strftime(source.date_format) for day in _PROBE}
    try:
        read = [dt.datetime.strptime(day.strftime(source.date_format), source.date_format).date() for day in _PROBE]  # noqa: DTZ007 - a date has no zone
    except ValueError:
        read = []
    if len(texts) != len(_PROBE) or tuple(read) != _PROBE:
        raise ConfigError(
            f"{where}: the date format {source.date_format!r} does not name a single day",
            remedy="write {date} for 2025-01-31, or a format with year, month and day such as {date:%Y%m%d}",
        )


def _dated(settings: Settings, source: Source) -> Landing:
    before, after = source.split_path()
    stars = re.sub(r"\*+", "*", _DIRECTIVE.sub("*", source.date_format))
    pattern = glob.escape(before) + stars + glob.escape(after)
    files: list[Found] = []
    ignored: list[str] = []
    base = settings.config_path.parent  # resolved; looking up the links of every path takes longer than reading it
    for shown in sorted(glob.glob(pattern, root_dir=base)):  # noqa: PTH207 - names stay as spelt
        path = base / shown
        if not path.is_file():
            continue
        day = _parse(shown[len(before) : len(shown) - len(after)], source.date_format)
        if day is None:
            ignored.append(shown)
        else:
            files.append(Found(path, shown, day))
    files.sort(key=lambda found: str(found.business_date))
    return Landing(tuple(files), tuple(ignored))


def _parse(text: str, date_format: str) -> dt.date | None:
    try:
        day = dt.datetime.strptime(text, date_format).date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None
    return day if day.strftime(date_format) == text else None
