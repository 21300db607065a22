"""What must become of a delivered CSV file of orders, told by a reader that shares no code with the product.

In plain Python: the reason of each record that does not fit, the values of each that does.
Belongs here: what cells mean in the default notation (ISO times, decimal points). Not here: where records begin and end
(``input_records``).
"""

from __future__ import annotations

import codecs
import datetime as dt
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.reliability.input_records import Record, UnclosedError, records_of

ZONE = ZoneInfo("Europe/Berlin")
EARLIEST = dt.datetime(1990, 1, 1, tzinfo=ZONE)
BLANKS = " \t\r\n\u00a0"
COLUMNS = (
    "order_id", "customer_id", "ordered_at", "updated_at", "status", "currency", "amount", "refund_amount",
    "cost_amount", "discount_amount", "refunded_at",
)  # fmt: skip
NEEDED = ("order_id", "customer_id", "ordered_at", "amount")
STATUSES = ("paid", "refunded", "pending", "cancelled", "void", "test", "fraud", "other")
PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]+)?|\.[0-9]+)")
INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"([T ]([0-9]{2}):([0-9]{2})(:([0-9]{2})(\.([0-9]{1,9}))?)?( ?(Z|([+-])(0[0-9]|1[0-4])(:?([0-5][0-9]))?))?)?"
)
LARGEST = Decimal(10) ** 14


@dataclass
class Outcome:
    """What must become of one file."""

    refusal: str | None = None
    records: int = 0
    loaded: dict[int, tuple[object, ...]] = field(default_factory=dict)
    """Values by line, in the order of ``COLUMNS``."""
    aside: dict[int, str] = field(default_factory=dict)
    """Reason by line."""
    suppressed: int = 0


def outcome(content: bytes, day: dt.date, key: bytes) -> Outcome:
    """The outcome of a file of a day."""
    refusal = _bytes_refusal(content)
    if refusal is not None:
        return Outcome(refusal)
    text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    try:
        found = records_of(text)
    except UnclosedError:
        return Outcome("unclosed_quote")
    if not found:
        return Outcome("empty_file")
    head, *rows = found
    header = head.cells and [name.strip() for name in head.cells]
    refusal = _header_refusal(header)
    if refusal is None and any(row.spans_lines_after_fault for row in rows):
        refusal = "record_count_mismatch"
    if refusal is not None or header is None:
        return Outcome(refusal)
    return _judge(header, rows, day, key)


def _bytes_refusal(content: bytes) -> str | None:  # noqa: PLR0911  # one return for each reason
    if not content:
        return "empty_file"
    if content.startswith(PACKED):
        return "compressed_file"
    if content.startswith(b"PAR1"):
        return "wrong_format"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "wrong_encoding"
    if b"\0" in content:
        return "nul_byte"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "invalid_utf8"
    return None


def _header_refusal(header: list[str] | None) -> str | None:
    if header is None:
        return "bad_header"
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        return "wrong_delimiter"
    if any(header.count(name) > 1 for name in header if name):
        return "duplicate_column"
    if len(header) > 2000:
        return "too_many_columns"
    return "missing_column" if any(name not in header for name in NEEDED) else None


def _judge(header: list[str], rows: list[Record], day: dt.date, key: bytes) -> Outcome:
    made = Outcome(records=len(rows))
    seen: set[tuple[object, ...]] = set()
    for row in rows:
        if row.cells is None:
            made.aside[row.line] = "malformed_quotes"
        elif len(row.cells) != len(header):
            made.aside[row.line] = "ragged_row"
        else:
            cells = {name: row.cells[header.index(name)].strip(BLANKS) for name in COLUMNS if name in header}
            values = _values(cells, day, key)
            if isinstance(values, str):
                made.aside[row.line] = values
            elif values in seen:
                made.suppressed += 1
            else:
                seen.add(values)
                made.loaded[row.line] = values
    return made


def _values(cells: dict[str, str], day: dt.date, key: bytes) -> tuple[object, ...] | str:
    """The values of a record, or why it has none: the first reason in the order of the columns."""
    values: dict[str, object] = {}
    for name in COLUMNS:
        text = cells.get(name, "")
        made = _value(name, text, name in cells, day, key)
        if isinstance(made, _Reason):
            return made.code
        values[name] = made
        reason = _rule(name, values)
        if reason is not None:
            return reason
    return tuple(values[name] for name in COLUMNS)


@dataclass
class _Reason:
    code: str


def _value(  # noqa: PLR0911  # one return for each kind of column
    name: str, text: str, is_there: bool, day: dt.date, key: bytes
) -> object:
    if not text and name in {"order_id", "ordered_at", "amount"}:
        return _Reason(f"missing_{name}")
    if len(text) > 1000:
        return _Reason("value_too_long")
    if name.endswith("_at"):
        return _instant(text, day) if text else None
    if name == "status":
        word = text.lower()
        return "paid" if not is_there else word if word in STATUSES else "other"
    if name == "currency":
        return text.upper() or "EUR"
    if name.endswith("amount"):
        return _number(text) if text else Decimal(0) if name == "refund_amount" else None
    if name == "customer_id":
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32] if text else None
    return text


def _rule(name: str, values: dict[str, object]) -> str | None:
    value = values[name]
    if name == "currency" and value != "EUR":
        return "currency_not_supported"
    if name == "discount_amount" and isinstance(value, Decimal) and value < 0:
        return "negative_discount"
    amount = values.get("amount")
    if name == "refund_amount" and isinstance(value, Decimal) and isinstance(amount, Decimal):
        if value < 0:
            return "negative_refund"
        if amount > 0 and value > amount:
            return "refund_exceeds_amount"
    return None


def _number(text: str) -> Decimal | _Reason:
    if not NUMBER.fullmatch(text):
        return _Reason("number_*")
    value = Decimal(text)
    decimals = text.partition(".")[2].rstrip("0")
    if len(decimals) > 4:
        return _Reason("number_too_many_decimals")
    return value if abs(value) < LARGEST else _Reason("number_out_of_range")


def _local(at: dt.datetime) -> dt.datetime:
    """Wall time of the shop: the second of two times that read the same, the next hour for one that did not exist."""
    first, second = (at.replace(tzinfo=ZONE, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    exists = second.astimezone(ZONE).replace(tzinfo=None) == at
    return second if exists else first


def _instant(text: str, day: dt.date) -> dt.datetime | _Reason:
    found = INSTANT.fullmatch(text)
    if found is None:
        return _Reason("timestamp_unreadable")
    year, month, date, _, hour, minute, _, second, _, fraction, _, offset, sign, hours, _, minutes = found.groups()
    micros = int((fraction or "").ljust(6, "0")[:6])
    is_end_of_day = hour == "24" and not (int(minute) or int(second or 0) or micros)  # as ISO 8601 has it
    clock = (0, 0, 0, 0) if is_end_of_day else (int(hour or 0), int(minute or 0), int(second or 0), micros)
    try:
        at = dt.datetime(  # noqa: DTZ001  # the zone is what is looked for
            int(year), int(month), int(date), *clock
        ) + dt.timedelta(days=is_end_of_day)
    except (ValueError, OverflowError):
        return _Reason("timestamp_unreadable")
    try:
        if offset is None:
            instant = _local(at)
        else:
            shift = dt.timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
            instant = at.replace(tzinfo=dt.UTC) - shift
        too_late = dt.datetime.combine(day + dt.timedelta(days=2), dt.time(), ZONE)
    except OverflowError:
        return _Reason("timestamp_too_early" if at.year < 1990 else "timestamp_in_future")
    if instant < EARLIEST:
        return _Reason("timestamp_too_early")
    return _Reason("timestamp_in_future") if instant >= too_late else instant.replace(tzinfo=None)
