r"""Text to values, strictly: SQL expressions for each contract type, and the reason code where there is no value.

Belongs here: numbers, timestamps, what is wrong with a text that is neither. Not here: rules across columns (``rows``).

Reason codes: ``missing_<column>``, ``value_too_long``, ``number_unreadable``, ``number_in_scientific_notation``,
``number_not_finite``, ``number_with_currency``, ``number_other_separators``, ``number_too_many_decimals``,
``number_out_of_range``, ``timestamp_unreadable``, ``timestamp_too_early``, ``timestamp_in_future``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from retention_pipeline.config import Settings, Source
from retention_pipeline.intake.identity import TRIMMED
from retention_pipeline.intake.sql import literal

MAX_LENGTH = 1000
"""Longest value of a contract column, in characters."""

_ISO = (
    r"\d{4}-\d{2}-\d{2}"
    r"([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?( ?(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?))?)?"
)
_DAY = r"\d{4}-\d{2}-\d{2}([T ]00:00(:00(\.0+)?)?)?"
_OFFSET = r"(Z|[+-]\d{2}(:?\d{2})?)$"
_DATE_LENGTH = 10
_PARTS = re.compile(r"%-?.|[^%]+")
_ZONES = {"%z": r"(.*)[+-]\d{2}(?::?\d{2})?", "%Z": r"(.*[^A-Za-z_/+-])[A-Za-z][A-Za-z0-9_/+-]*"}
"""A text up to its offset or zone, by the directive that reads this."""
_SPACES = "[\u00a0\u202f]"


@dataclass(frozen=True)
class Notation:
    """How numbers and timestamps are written in one source; typed columns are always in the default notation."""

    zone: str
    """Zone of timestamps without an offset."""
    timestamp_format: str = "iso"
    decimal: str = "."
    thousands: str = ""

    @classmethod
    def of(cls, settings: Settings, source: Source) -> Notation:
        """The notation of a text file of this source."""
        return cls(
            source.timezone or settings.shop.timezone,
            source.timestamp_format,
            source.decimal,
            source.thousands,
        )

    @property
    def typed(self) -> Notation:
        """The notation of columns that had a type."""
        return Notation(self.zone)


def trimmed(column: str) -> str:
    """The text without blanks at its ends; NULL when nothing is left.

    DuckDB trims letter by letter, a third of the whole intake; a look at both ends spares it nearly every text.
    """
    first = ", ".join(str(ord(blank)) for blank in TRIMMED)
    last = " OR ".join(f"suffix({column}, {literal(blank)})" for blank in TRIMMED)
    trim = f"nullif(trim({column}, {literal(TRIMMED)}), '')"
    return f"CASE WHEN {column} = '' OR ascii({column}) IN ({first}) OR {last} THEN {trim} ELSE {column} END"


def length_reason(text: str) -> str:
    """Reason of a text that is too long, else NULL."""
    return f"CASE WHEN length({text}) > {MAX_LENGTH} THEN 'value_too_long' END"


def _number_shape(notation: Notation, fraction: str) -> str:
    point = "\\" + notation.decimal
    whole = r"\d+"
    if notation.thousands:
        mark = " " if notation.thousands == " " else "\\" + notation.thousands
        whole = rf"(\d+|\d{{1,3}}({mark}\d{{3}})+)"
    return rf"[+-]?({whole}({point}{fraction})?|{point}{fraction})"


def _spaced(text: str, notation: Notation) -> str:
    return f"regexp_replace({text}, {literal(_SPACES)}, ' ', 'g')" if notation.thousands == " " else text


def number(text: str, notation: Notation, decimals: int = 4) -> str:
    """DECIMAL(18, decimals), or NULL when the text is not exactly such a number."""
    source = _spaced(text, notation)
    shape = _number_shape(notation, rf"\d{{1,{decimals}}}0*")
    plain = f"replace({source}, {literal(notation.thousands)}, '')" if notation.thousands else source
    plain = f"replace({plain}, ',', '.')" if notation.decimal == "," else plain
    return (
        f"CASE WHEN regexp_full_match({source}, {literal(shape)}) THEN try_cast({plain} AS DECIMAL(18,{decimals})) END"
    )


def number_reason(text: str, value: str, notation: Notation, decimals: int = 4) -> str:
    """Why ``value`` is NULL although ``text`` is not; NULL when it is not."""
    source = _spaced(text, notation)
    exact = _number_shape(notation, rf"\d{{1,{decimals}}}0*")
    longer = _number_shape(notation, r"\d+")
    return (
        f"CASE WHEN {text} IS NULL OR {value} IS NOT NULL THEN NULL"
        f" WHEN regexp_full_match({source}, {literal(exact)}) THEN 'number_out_of_range'"
        f" WHEN regexp_full_match({source}, {literal(longer)}) THEN 'number_too_many_decimals'"
        f" WHEN regexp_full_match({text}, '[+-]?[0-9.,]+[eE][+-]?[0-9]+') THEN 'number_in_scientific_notation'"
        f" WHEN regexp_full_match(lower({text}), '[+-]?(nan|inf|infinity|∞)') THEN 'number_not_finite'"
        rf" WHEN regexp_matches({text}, '\p{{Sc}}') OR regexp_full_match({text},"
        r" '([A-Za-z]{2,3}\.? ?[+-]?[0-9][0-9.,'' ]*|[+-]?[0-9][0-9.,'' ]* ?[A-Za-z]{2,3}\.?)')"
        " THEN 'number_with_currency'"
        f" WHEN regexp_full_match({text}, '[+-]?[0-9.,''\u00a0\u202f ]*[0-9][0-9.,''\u00a0\u202f ]*')"
        " THEN 'number_other_separators' ELSE 'number_unreadable' END"
    )


def timestamp(text: str, notation: Notation) -> str:
    """TIMESTAMP in UTC, or NULL when the text is not one; a written offset is honoured."""
    form = notation.timestamp_format
    if form == "epoch_s":
        return _epoch(text, r"-?\d{1,11}", 1_000_000)
    if form == "epoch_ms":
        return _epoch(text, r"-?\d{1,14}", 1_000)
    if form != "iso":
        parsed = f"try_strptime({text}, {literal(form)})"
        has_offset = "%z" in form or "%Z" in form
        return f"CAST({parsed} AS TIMESTAMP)" if has_offset else to_utc(parsed, notation.zone)
    # the session's zone is UTC; neither a blank before the offset nor missing seconds are understood by the cast
    clock = rf"regexp_replace(replace(substr({text}, 12), ' ', ''), '^(\d\d:\d\d)(Z|[+-])', '\1:00\2')"
    compact = f"concat(left({text}, 10), 'T', {clock})"
    instant = f"CAST(coalesce(try_cast({text} AS TIMESTAMPTZ), try_cast({compact} AS TIMESTAMPTZ)) AS TIMESTAMP)"
    is_instant = f"length({text}) > {_DATE_LENGTH} AND regexp_matches({text}, {literal(_OFFSET)})"
    naive = to_utc(f"try_cast({text} AS TIMESTAMP)", notation.zone)
    return (
        f"CASE WHEN NOT regexp_full_match({text}, {literal(_ISO)}) OR {text} < '0001' THEN NULL"
        f" WHEN {is_instant} THEN {instant} ELSE {naive} END"
    )


def date(text: str, notation: Notation) -> str:
    """DATE, or NULL when the text is not one; a time of day must be midnight, and no zone moves it to another day."""
    if notation.timestamp_format not in {"iso", "epoch_s", "epoch_ms"}:
        written = _wall_time(text, notation.timestamp_format)
        return f"CASE WHEN {written} = date_trunc('day', {written}) THEN CAST({written} AS DATE) END"
    return f"CASE WHEN regexp_full_match({text}, {literal(_DAY)}) THEN try_cast(left({text}, 10) AS DATE) END"


def _wall_time(text: str, form: str) -> str:
    """What a clock showed that a text was written by: its offset or zone is read, and leaves the day where it is."""
    parts = _PARTS.findall(form)
    place = next((place for place, part in enumerate(parts) if part in _ZONES), None)
    if place is None:
        return f"try_strptime({text}, {literal(form)})"
    before, after = parts[:place], parts[place + 1 :]
    behind = "".join(".+" if part.startswith("%") else re.escape(part) for part in after)
    cut = f"regexp_replace({text}, {literal(f'^{_ZONES[parts[place]]}({behind})$')}, '\\1\\2')"
    local = f"try_strptime({cut}, {literal(''.join([*before, *after]))})"
    return f"CASE WHEN try_strptime({text}, {literal(form)}) IS NOT NULL THEN {local} END"


def _epoch(text: str, shape: str, microseconds: int) -> str:
    return (
        f"CASE WHEN regexp_full_match({text}, {literal(shape)})"
        f" THEN make_timestamp(try_cast({text} AS BIGINT) * {microseconds}) END"
    )


def timestamp_reason(text: str, value: str, earliest: str, latest: str | None) -> str:
    """Why a timestamp is not accepted; it must lie in ``[earliest, latest)``, without ``latest`` at any later time."""
    future = f" WHEN {value} >= {latest} THEN 'timestamp_in_future'" if latest is not None else ""
    return (
        f"CASE WHEN {text} IS NULL THEN NULL WHEN {value} IS NULL THEN 'timestamp_unreadable'"
        f" WHEN {value} < {earliest} THEN 'timestamp_too_early'{future} END"
    )


def to_utc(local: str, zone: str) -> str:
    """Local wall time of a zone as UTC; in a night that is an hour short, a time that did not exist moves forward."""
    return local if zone == "UTC" else f"CAST(timezone({literal(zone)}, {local}) AS TIMESTAMP)"


def local_date(instant: str, zone: str) -> str:
    """The calendar date of a UTC instant in a zone."""
    if zone == "UTC":
        return f"CAST({instant} AS DATE)"
    return f"CAST(timezone({literal(zone)}, CAST({instant} AS TIMESTAMPTZ)) AS DATE)"
