"""What a CSV file is, from its bytes alone: a witness that shares no code with the reader.

Belongs here: counting records, line ends, quotes, NUL and broken UTF-8 in one pass. Not here: columns and values.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from retention_pipeline.intake.encoding import CHUNK
from retention_pipeline.intake.refusal import FileRefusedError

MAX_RECORD_BYTES = 64 << 20
_LF, _CR, _QUOTE = 10, 13, 34
_Positions = npt.NDArray[np.int64]


@dataclass
class Scan:
    """The outcome of one pass; a record is a line that is not blank, the header included."""

    records: int = 0
    lines: int = 0
    """Physical lines ended so far; CRLF ends one."""
    newlines: set[str] = field(default_factory=set)
    has_quoted_newline: bool = False
    has_inner_blank_line: bool = False
    is_well_quoted: bool = True
    """Every quote opens at the start of a field and closes at its end, as RFC 4180 has it."""
    is_open: bool = False
    """The file ends inside quotes."""
    delimiters: int = 0
    """Delimiters outside quotes."""

    @property
    def is_plain(self) -> bool:
        """Whether record k stands on line k + 1, so that the fast reader gets line numbers right."""
        broken = self.has_quoted_newline or self.has_inner_blank_line or self.is_open
        return self.is_well_quoted and not broken and len(self.newlines) <= 1

    def has_columns(self, count: int) -> bool:
        """Whether records have so many cells on average; the fast reader forgives a cell too many when it is blank."""
        return self.delimiters == self.records * (count - 1)


def prescan(path: Path, delimiter: str) -> Scan:
    """Read the bytes of a UTF-8 file once, in pieces.

    Raises:
        FileRefusedError: NUL bytes, bytes that are not UTF-8, or one record of more than 64 MiB.
    """
    scanner = _Scanner(delimiter.encode("utf-8"))
    with path.open("rb") as stream:
        rest = stream.read(CHUNK).removeprefix(codecs.BOM_UTF8)
        while rest:
            more = stream.read(CHUNK)
            # a piece never ends in CR or a quote: what they mean depends on the byte that follows
            cut = len(rest.rstrip(b'\r"')) if more else len(rest)
            scanner.feed(rest[:cut], is_last=not more)
            rest = rest[cut:] + more
    return scanner.finish()


class _Scanner:
    def __init__(self, delimiter: bytes) -> None:
        self.scan = Scan()
        self._delimiter = delimiter
        self._before_open = (delimiter[-1], _LF, _CR, _QUOTE)
        self._after_close = (delimiter[0], _LF, _CR, _QUOTE)
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._last_byte = _LF
        self._record_bytes = 0
        self._has_blank_line = False

    def feed(self, data: bytes, *, is_last: bool) -> None:
        if not data:
            return
        self._check_text(data, is_last=is_last)
        codes = np.frombuffer(data, dtype=np.uint8)
        ends = self._line_ends(data, codes)
        quotes = np.flatnonzero(codes == _QUOTE)
        self._count_delimiters(codes, quotes)
        outside = self._outside_quotes(codes, quotes, ends) if quotes.size or self.scan.is_open else ends
        self._count(codes, outside)
        self.scan.lines += ends.size
        self._last_byte = data[-1]

    def finish(self) -> Scan:
        if self._record_bytes:
            self._count_filled(1)
        return self.scan

    def _check_text(self, data: bytes, *, is_last: bool) -> None:
        if (nul := data.find(b"\0")) >= 0:
            raise FileRefusedError(
                "nul_byte",
                f"line {self._line_at(data, nul)} holds a NUL byte",
                'deliver the file again; if it is UTF-16 without a byte order mark, write encoding = "utf-16"',
            )
        try:
            self._decoder.decode(data, final=is_last)
        except UnicodeDecodeError as error:
            position = error.start - (len(error.object) - len(data))
            raise FileRefusedError(
                "invalid_utf8",
                f"line {self._line_at(data, max(position, 0))} is not UTF-8",
                'write encoding = "latin-1" for this source if that is what it is, or deliver it again in UTF-8',
            ) from None

    def _line_at(self, data: bytes, position: int) -> int:
        part = data[:position]
        return self.scan.lines + part.count(b"\n") + part.count(b"\r") - part.count(b"\r\n") + 1

    def _line_ends(self, data: bytes, codes: npt.NDArray[np.uint8]) -> _Positions:
        """Positions of the last byte of each line end."""
        is_end = codes == _LF
        if b"\r" in data:
            returns = np.flatnonzero(codes == _CR)
            follows = np.zeros(codes.size + 1, dtype=bool)
            follows[:-1] = is_end
            paired = returns[follows[returns + 1]]
            alone = returns[~follows[returns + 1]]
            bare = int(is_end.sum()) - paired.size
            is_end = is_end.copy()
            is_end[alone] = True
            self._saw(("\r\n", paired.size), ("\r", alone.size), ("\n", bare))
        else:
            self._saw(("\n", int(is_end.any())))
        return np.flatnonzero(is_end)

    def _saw(self, *found: tuple[str, int]) -> None:
        self.scan.newlines |= {newline for newline, count in found if count}

    def _outside_quotes(self, codes: npt.NDArray[np.uint8], quotes: _Positions, ends: _Positions) -> _Positions:
        was_open = int(self.scan.is_open)
        opening, closing = quotes[was_open::2], quotes[1 - was_open :: 2]
        before = np.where(opening > 0, codes[np.maximum(opening, 1) - 1], self._last_byte)
        after = codes[closing[closing + 1 < codes.size] + 1]
        if not (np.isin(before, self._before_open).all() and np.isin(after, self._after_close).all()):
            self.scan.is_well_quoted = False
        is_inside = (np.searchsorted(quotes, ends) + was_open) % 2 == 1
        self.scan.has_quoted_newline |= bool(is_inside.any())
        self.scan.is_open = bool((quotes.size + was_open) % 2)
        outside: _Positions = ends[~is_inside]
        return outside

    def _count_delimiters(self, codes: npt.NDArray[np.uint8], quotes: _Positions) -> None:
        # one of several bytes may be cut by the end of a piece: such files are left to the exact reader
        is_delimiter = codes == (self._delimiter[0] if len(self._delimiter) == 1 else _LF)
        if quotes.size or self.scan.is_open:
            places = np.flatnonzero(is_delimiter)
            is_inside = (np.searchsorted(quotes, places) + int(self.scan.is_open)) % 2 == 1
            self.scan.delimiters += int(places.size - is_inside.sum())
        else:
            self.scan.delimiters += int(np.count_nonzero(is_delimiter))

    def _count(self, codes: npt.NDArray[np.uint8], ends: _Positions) -> None:
        if not ends.size:
            self._grow(codes.size)
            return
        starts = np.concatenate(([-self._record_bytes], ends[:-1] + 1))
        # CR before LF belongs to the line end; a lone CR is itself the end
        is_pair = (codes[ends] == _LF) & (ends > 0) & (codes[np.maximum(ends, 1) - 1] == _CR)
        sizes = ends - starts - is_pair
        filled = np.flatnonzero(sizes > 0)
        if filled.size:
            self._has_blank_line |= bool(filled[0])
            self._count_filled(filled.size)
            self.scan.has_inner_blank_line |= bool(filled[-1] - filled[0] + 1 != filled.size)
            self._has_blank_line = bool(filled[-1] + 1 != sizes.size)
        else:
            self._has_blank_line = True
        self._record_bytes = max(int(sizes.max()), 0)
        self._grow(0)
        self._record_bytes = 0
        self._grow(codes.size - int(ends[-1]) - 1)

    def _count_filled(self, count: int) -> None:
        self.scan.has_inner_blank_line |= self._has_blank_line
        self.scan.records += count

    def _grow(self, size: int) -> None:
        self._record_bytes += size
        if self._record_bytes > MAX_RECORD_BYTES:
            raise FileRefusedError(
                "record_too_long",
                f"the record near line {self.scan.lines + 1} is longer than {MAX_RECORD_BYTES >> 20} MiB",
                "look for an unclosed quote or a missing line end, and deliver the file again",
            )
