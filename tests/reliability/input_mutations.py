"""Valid files of orders, damaged: every case comes from a seed and a number, so that it can be made again.

Belongs here: making cases. Not here: what must become of them (``input_oracle``).
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable

HEADER = (
    "order_id", "customer_id", "ordered_at", "updated_at", "status", "currency", "amount", "refund_amount",
    "discount_amount",
)  # fmt: skip
PIECES = (
    b'"', b",", b"\n", b"\r\n", b"\r", b";", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xc3\xa9", b" ", b"-", b'""', b"\n\n",
    b"\t", b"x" * 1100, b" " * 1100, b"'", b"\\", b"\x1a", b"\x85", b"\xe2\x80\xa8", b"\xc2\xa0", b'","', b'\n"',
    b'"\n', b"\x0b",
)  # fmt: skip
CELLS = (
    "", " ", "NaN", "inf", "-inf", "1e3", "1E-2", "12,50", "1.234,50", "1 234", "\u20ac5", "5 EUR", "0x10", "5.",
    ".5", "+5", "-5", "--5", "5.00000", "5.00001", "99999999999999.9999", "100000000000000", "1" * 40, "\u0661\u0662",
    "\uff15", "\u221e", "01/02/2026", "2009-02-30", "2009-06-01", "2009-06-01T24:00:00", "2009-06-01T23:59:60",
    "2009-06-01 10:00", "2009-06-01T10:00:00Z", "2009-06-01T10:00:00+05:30", "2009-06-01T10:00:00.123456789",
    "2009-06-01T10:00:00 -0800", "2009-10-25T02:30:00", "2009-03-29T02:30:00", "9999-12-31", "0000-01-01",
    "0001-01-01", "1989-12-31", "1772359200000", "infinity", "null", "NULL", "None", "paid", "PAID ", "cancelled",
    "refunded", "?", "USD", "eur", "\u20ac", "=1+1", "'; drop table x; --", "{{ env_var('HOME') }}", "a" * 1000,
    "a" * 1001, "a"+" " * 1200+"b", " " * 1200+"7", "line\nbreak", 'quo"te', "semi;colon", "com,ma", "\ufeff5",
    "5\u200b", "\u00a05\u00a0", "tab\t", "2009-06-01T10:00:00+15:00", "2009-06-01T10:00+01",
)  # fmt: skip
Rows = list[list[str]]


def valid_rows(dice: random.Random) -> Rows:
    """A header and one to eight sound records."""
    rows = [list(HEADER)]
    for number in range(dice.randint(1, 8)):
        amount = dice.randint(0, 99_999)
        customer = f"c{dice.randint(0, 4)}"
        placed = f"2009-0{dice.randint(1, 9)}-{dice.randint(10, 28)}T1{dice.randint(0, 9)}:00:00"
        changed = dice.choice(["", "2009-10-01", "2009-11-30T08:00:00Z"])
        status = dice.choice(["paid", "refunded", "pending", "odd"])
        currency, refund = dice.choice(["EUR", "eur", ""]), dice.choice(["", "0", "0.01"]) if amount else ""
        discount = dice.choice(["", "1.5"])
        money = f"{amount / 100:.2f}"
        rows.append([f"o{number}", customer, placed, changed, status, currency, money, refund, discount])
    return rows


def written(rows: Rows, dice: random.Random) -> bytes:
    """The rows as a sound CSV file, quoted where they must be and sometimes where they need not."""
    newline = dice.choice(["\n", "\n", "\r\n", "\r"])
    is_quoted = dice.random() < 0.2
    lines = [",".join(_cell(cell, is_quoted=is_quoted) for cell in row) for row in rows]
    return (newline.join(lines) + newline).encode()


def _cell(text: str, *, is_quoted: bool) -> str:
    if is_quoted or any(mark in text for mark in '",\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def case(seed: int, number: int) -> bytes:
    """One damaged file."""
    dice = random.Random(f"{seed}:{number}")
    rows = valid_rows(dice)
    for _ in range(dice.randint(0, 3)):
        dice.choice(_OF_ROWS)(rows, dice)
    content = written(rows, dice)
    for _ in range(dice.choice((0, 0, 1, 1, 2, 4))):
        content = dice.choice(_OF_BYTES)(content, dice)
    if dice.random() < 0.04:
        content = dice.choice(_OF_FILES)(content)
    return content


def _place(rows: Rows, dice: random.Random) -> tuple[list[str], int]:
    row = dice.choice(rows[1:] or rows)
    return row, dice.randrange(len(row)) if row else 0


def _other_cell(rows: Rows, dice: random.Random) -> None:
    row, column = _place(rows, dice)
    if row:
        row[column] = dice.choice(CELLS)


def _missing_cell(rows: Rows, dice: random.Random) -> None:
    row, column = _place(rows, dice)
    del row[column : column + 1]


def _added_cell(rows: Rows, dice: random.Random) -> None:
    row, column = _place(rows, dice)
    row.insert(column, dice.choice(CELLS))


def _swapped_cells(rows: Rows, dice: random.Random) -> None:
    row, column = _place(rows, dice)
    if row:
        other = dice.randrange(len(row))
        row[column], row[other] = row[other], row[column]


def _repeated_row(rows: Rows, dice: random.Random) -> None:
    rows.insert(dice.randint(1, len(rows)), list(dice.choice(rows)))


def _other_header(rows: Rows, dice: random.Random) -> None:
    column = dice.randrange(len(rows[0])) if rows[0] else 0
    rows[0][column : column + 1] = dice.choice([[], ["renamed"], ["amount"], [""], [" status "], ["x" * 300]])


def _reordered(rows: Rows, dice: random.Random) -> None:
    order = list(range(len(rows[0])))
    dice.shuffle(order)
    for row in rows:
        if len(row) == len(order):
            row[:] = [row[place] for place in order]


_OF_ROWS: tuple[Callable[[Rows, random.Random], None], ...] = (
    _other_cell, _other_cell, _other_cell, _missing_cell, _added_cell, _swapped_cells, _repeated_row, _repeated_row,
    _other_header, _reordered,
)  # fmt: skip


def _inserted(content: bytes, dice: random.Random) -> bytes:
    place = dice.randint(0, len(content))
    return content[:place] + dice.choice(PIECES) + content[place:]


def _replaced(content: bytes, dice: random.Random) -> bytes:
    place = dice.randint(0, len(content))
    return content[:place] + dice.choice(PIECES) + content[place + dice.randint(1, 8) :]


def _deleted(content: bytes, dice: random.Random) -> bytes:
    place = dice.randint(0, len(content))
    return content[:place] + content[place + dice.randint(1, 12) :]


def _cut(content: bytes, dice: random.Random) -> bytes:
    return content[: dice.randint(0, len(content))]


def _repeated(content: bytes, dice: random.Random) -> bytes:
    place, length = dice.randint(0, len(content)), dice.randint(1, 60)
    return content[:place] + content[place : place + length] * 2 + content[place + length :]


def _flipped(content: bytes, dice: random.Random) -> bytes:
    if not content:
        return content
    place = dice.randrange(len(content))
    return content[:place] + bytes([content[place] ^ (1 << dice.randrange(8))]) + content[place + 1 :]


_OF_BYTES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _inserted, _inserted, _replaced, _deleted, _cut, _repeated, _flipped, _flipped,
)  # fmt: skip
_OF_FILES: tuple[Callable[[bytes], bytes], ...] = (
    lambda content: b"\xef\xbb\xbf" + content,
    lambda content: b"\xef\xbb\xbf\xef\xbb\xbf" + content,
    lambda content: content.replace(b",", b";"),
    lambda content: content.decode("utf-8", "replace").encode("utf-16"),
    lambda content: content.decode("utf-8", "replace").encode("utf-16-le"),
    lambda content: gzip.compress(content, mtime=0),
    lambda content: b"\n\n" + content,
    lambda content: content + content,
)
