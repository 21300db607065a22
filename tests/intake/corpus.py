"""Bad input, file by file: what is delivered and what must become of it (faults B1 to B7, S1, S2).

Each case is one file of orders beside the options of its source. Belongs here: the table. Not here: taking it in.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from decimal import Decimal

HEADER = "order_id,customer_id,ordered_at,status,currency,amount,refund_amount"
GOOD = "o1,c1,2026-03-01T10:00:00,paid,EUR,10.00,"
NEXT = "o2,c2,2026-03-02T10:00:00,paid,EUR,20.00,"
TEXT = f"{HEADER}\n{GOOD}\n{NEXT}\n"
BOTH = {2: "10", 3: "20"}


@dataclass(frozen=True)
class Case:
    """One file and its outcome: a refusal, or amounts and reasons by line."""

    fault: str
    name: str
    content: bytes
    refusal: str | None = None
    loaded: dict[int, str] = field(default_factory=dict)
    aside: dict[int, str] = field(default_factory=dict)
    suppressed: int = 0
    options: str = ""
    is_default: bool = True
    """Whether the independent reader, which knows the default notation only, tells the outcome too."""

    @property
    def amounts(self) -> dict[int, Decimal]:
        """The loaded amounts as numbers."""
        return {line: Decimal(text) for line, text in self.loaded.items()}


def refused(fault: str, name: str, content: bytes | str, refusal: str, options: str = "") -> Case:
    """A file of which nothing is taken in."""
    return Case(fault, name, _bytes(content), refusal, options=options, is_default=not options)


def taken(
    fault: str,
    name: str,
    content: bytes | str,
    loaded: dict[int, str] | None = None,
    aside: dict[int, str] | None = None,
    *,
    options: str = "",
    suppressed: int = 0,
) -> Case:
    """A file whose records are loaded, set aside or suppressed."""
    found = BOTH if loaded is None else loaded
    return Case(fault, name, _bytes(content), None, found, aside or {}, suppressed, options, is_default=not options)


def _bytes(content: bytes | str) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def one(column: str, text: str) -> str:
    """A file whose only record has this text in a column."""
    cells = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | {column: text}
    return HEADER + "\n" + ",".join('"' + cell.replace('"', '""') + '"' for cell in cells.values()) + "\n"


def aside(fault: str, column: str, text: str, reason: str, options: str = "") -> Case:
    """A file whose only record is set aside."""
    shown = text if len(text) < 30 else f"{text[:10]}... ({len(text)})"
    return taken(fault, f"{column} {shown!r}", one(column, text), {}, {2: reason}, options=options)


def value(fault: str, column: str, text: str, amount: str = "10", options: str = "") -> Case:
    """A file whose only record is loaded."""
    return taken(fault, f"{column} {text!r}", one(column, text), {2: amount}, options=options)


DECIMAL_COMMA = 'decimal = ","\nthousands = "."'
CASES = (
    taken("B1", "UTF-8 with a byte order mark", TEXT.encode("utf-8-sig")),
    refused("B1", "two byte order marks", b"\xef\xbb\xbf" + TEXT.encode("utf-8-sig"), "missing_column"),
    refused("B1", "UTF-16 that is not declared", TEXT.encode("utf-16"), "wrong_encoding"),
    refused("B1", "UTF-16 without a mark", TEXT.encode("utf-16-le"), "nul_byte"),
    taken("B1", "UTF-16 that is declared", TEXT.encode("utf-16"), options='encoding = "utf-16"'),
    refused("B1", "UTF-16 cut in a letter", TEXT.encode("utf-16")[:-1], "wrong_encoding", 'encoding = "utf-16"'),
    refused("B1", "latin-1 that is not declared", TEXT.replace("o1", "ö1").encode("latin-1"), "invalid_utf8"),
    taken("B1", "latin-1 that is declared", TEXT.replace("o1", "ö1").encode("latin-1"), options='encoding = "latin-1"'),
    refused("B1", "two encodings in one file", "ö".encode() + TEXT.encode() + "ö".encode("latin-1"), "invalid_utf8"),
    refused("B1", "a NUL byte", TEXT.replace("paid", "pa\0id"), "nul_byte"),
    refused("B1", "a NUL byte in latin-1", TEXT.replace("paid", "\0"), "nul_byte", 'encoding = "latin-1"'),
    refused("B1", "an overlong sequence", TEXT.encode().replace(b"o1", b"\xc0\xaf"), "invalid_utf8"),
    refused("B1", "half a surrogate pair", TEXT.encode().replace(b"o1", b"\xed\xa0\xbd"), "invalid_utf8"),
    taken("B2", "one cell too few", f"{HEADER}\n{GOOD}\no2,c2,2026-03-02\n", {2: "10"}, {3: "ragged_row"}),
    taken("B2", "one cell too many", f"{HEADER}\n{GOOD},x\n{NEXT}\n", {3: "20"}, {2: "ragged_row"}),
    taken("B2", "one blank cell too many", f"{HEADER}\n{GOOD},\n{NEXT}\n", {3: "20"}, {2: "ragged_row"}),
    taken(
        "B2", "a blank cell too many in every record", f"{HEADER}\n{GOOD},\n{NEXT},\n", {},
        dict.fromkeys((2, 3), "ragged_row"),
    ),
    taken(
        "B2", "a shifted record whose last cell is blank", f"{HEADER}\nx,o1,c1,2026-03-01,paid,EUR,5,\n{NEXT}\n",
        {3: "20"}, {2: "ragged_row"},
    ),
    refused("B2", "a quote that is never closed", f'{HEADER}\n{GOOD}\n"o2,c2\n', "unclosed_quote"),
    refused("B2", "a quote left open swallows records", f'{HEADER},note\n{GOOD},"open\n{NEXT},"x"\n', "unclosed_quote"),
    taken("B2", "a line break inside quotes", TEXT.replace("o1", '"o\n1"'), {2: "10", 4: "20"}),
    taken("B2", "doubled quotes", TEXT.replace("o1", '"o""1"')),
    taken("B2", "text behind a closing quote", TEXT.replace("o1", '"o1"x'), {3: "20"}, {2: "malformed_quotes"}),
    taken("B2", "a quote inside a plain cell", TEXT.replace("o1", '5" pipe')),
    taken("B2", "CRLF", TEXT.replace("\n", "\r\n")),
    taken("B2", "CR alone", TEXT.replace("\n", "\r")),
    taken("B2", "mixed line ends", f"{HEADER}\r\n{GOOD}\n{NEXT}\r"),
    taken("B2", "blank lines between records", f"{HEADER}\n\n{GOOD}\n\n\n{NEXT}\n", {3: "10", 6: "20"}),
    taken("B2", "a line of blanks", f"{HEADER}\n{GOOD}\n   \n{NEXT}\n", {2: "10", 4: "20"}, {3: "ragged_row"}),
    refused("B2", "semicolons that are not declared", TEXT.replace(",", ";"), "wrong_delimiter"),
    taken("B2", "semicolons that are declared", TEXT.replace(",", ";"), options='delimiter = ";"'),
    taken("B2", "no line end at the end", TEXT.removesuffix("\n")),
    taken("B2", "the same record twice", TEXT + GOOD + "\n", suppressed=1),
    taken("B2", "the same order with another amount", TEXT + GOOD.replace("10.00", "11.00") + "\n", {**BOTH, 4: "11"}),
    aside("B3", "amount", "12,50", "number_other_separators"),
    aside("B3", "amount", "1.234,50", "number_other_separators"),
    aside("B3", "amount", "1,234.50", "number_other_separators"),
    aside("B3", "amount", "€10", "number_with_currency"),
    aside("B3", "amount", "10 EUR", "number_with_currency"),
    aside("B3", "amount", "1e3", "number_in_scientific_notation"),
    aside("B3", "amount", "NaN", "number_not_finite"),
    aside("B3", "amount", "-inf", "number_not_finite"),
    aside("B3", "amount", "10.12345", "number_too_many_decimals"),
    aside("B3", "amount", "100000000000000", "number_out_of_range"),
    aside("B3", "amount", "٣", "number_unreadable"),
    aside("B3", "amount", "\uff11\uff10", "number_unreadable"),
    aside("B3", "amount", "#REF!", "number_unreadable"),
    aside("B3", "amount", "", "missing_amount"),
    aside("B3", "refund_amount", "-1", "negative_refund"),
    aside("B3", "refund_amount", "10.01", "refund_exceeds_amount"),
    value("B3", "amount", "99999999999999.9999", "99999999999999.9999"),
    value("B3", "amount", "\u00a010.5000000\u00a0", "10.5"),
    value("B3", "amount", "-0.0001", "-0.0001"),
    value("B3", "amount", "1.234,50", "1234.5", DECIMAL_COMMA),
    aside("B3", "amount", "1,234.50", "number_other_separators", DECIMAL_COMMA),
    aside("B3", "amount", "12.34,50", "number_other_separators", DECIMAL_COMMA),
    refused("B4", "zero bytes", b"", "empty_file"),
    refused("B4", "line ends only", "\n\n", "empty_file"),
    taken("B4", "a header alone", HEADER + "\n", {}),
    taken("B4", "cut in a record", TEXT[:-12], {2: "10"}, {3: "ragged_row"}),
    refused("B4", "cut in the header", HEADER[:20], "missing_column"),
    aside("B5", "ordered_at", "01/02/2026", "timestamp_unreadable"),
    aside("B5", "ordered_at", "2026-02-30", "timestamp_unreadable"),
    aside("B5", "ordered_at", "2026-13-01", "timestamp_unreadable"),
    aside("B5", "ordered_at", "1772359200000", "timestamp_unreadable"),
    aside("B5", "ordered_at", "46082", "timestamp_unreadable"),
    aside("B5", "ordered_at", "9999-12-31", "timestamp_in_future"),
    aside("B5", "ordered_at", "0001-01-01", "timestamp_too_early"),
    aside("B5", "ordered_at", "1970-01-01T00:00:00Z", "timestamp_too_early"),
    value("B5", "ordered_at", "2026-03-01T10:00:00+05:30"),
    value("B5", "ordered_at", "2025-10-26T02:30:00"),
    value("B5", "ordered_at", "2025-03-30T02:30:00"),
    value("B5", "ordered_at", "1772359200000", options='timestamp_format = "epoch_ms"'),
    aside("B5", "ordered_at", "99999999999999", "timestamp_in_future", 'timestamp_format = "epoch_ms"'),
    value("B5", "ordered_at", "01/02/2026", options='timestamp_format = "%d/%m/%Y"'),
    aside("B5", "ordered_at", "02/30/2026", "timestamp_unreadable", 'timestamp_format = "%m/%d/%Y"'),
    aside("B6", "order_id", "x" * 10_000_000, "value_too_long"),
    aside("B6", "order_id", "x" * 1001, "value_too_long"),
    aside("B6", "refund_amount", " " * 1200 + "5" + " " * 1200 + "5", "value_too_long"),
    value("B6", "refund_amount", " " * 1200 + "5"),
    refused("B6", "10,000 columns", HEADER + "".join(f",c{n}" for n in range(10_000)) + "\n", "too_many_columns"),
    refused("B6", "a gzip bomb", gzip.compress(b"0" * 50_000_000), "compressed_file"),
    refused("B6", "a zip archive", b"PK\x03\x04" + b"\0" * 50, "compressed_file"),
    value("B6", "order_id", "=cmd|' /C calc'!A0"),
    value("B6", "order_id", "../../etc/passwd"),
    value("B6", "order_id", "'); drop table raw.orders; --"),
    taken("S1", "a column more", f"{HEADER},gift\n{GOOD},x\n{NEXT},y\n"),
    refused("S1", "a column of the contract less", TEXT.replace(",amount", ",total"), "missing_column"),
    refused("S1", "a header named twice", TEXT.replace("status", "amount"), "duplicate_column"),
    refused("S1", "no header", f"{GOOD}\n{NEXT}\n", "missing_column"),
    taken("S1", "reordered", "\n".join(",".join(reversed(line.split(","))) for line in TEXT.splitlines())),
    taken("S1", "retyped", TEXT.replace("10.00", "ten"), {3: "20"}, {2: "number_unreadable"}),
    taken("S1", "names in other letters are other names", TEXT.replace("status", "Status").replace("paid", "void")),
    taken("S2", "a status nobody explained", TEXT.replace("paid", "teleported")),
    aside("S2", "currency", "USD", "currency_not_supported"),
    aside("S2", "currency", "€", "currency_not_supported"),
)  # fmt: skip
