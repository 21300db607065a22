from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retention_pipeline.intake import encoding, prescan
from retention_pipeline.intake.prescan import Scan
from retention_pipeline.intake.quoting import count_exactly
from retention_pipeline.intake.refusal import FileRefusedError


def scan(path: Path, content: bytes) -> Scan:
    path.write_bytes(content)
    return prescan.prescan(path, ",")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "x.csv"


@pytest.mark.parametrize(
    ("content", "records", "is_plain"),
    [
        (b"a,b\n1,2\n", 2, True),
        (b"a,b\n1,2", 2, True),
        (b"a,b\r\n1,2\r\n", 2, True),
        (b"a,b\r1,2\r", 2, True),
        (b"\xef\xbb\xbfa,b\n1,2\n", 2, True),
        (b"a,b\n1,2\r\n", 2, False),
        (b"a,b\r\n1,2\r3,4\n", 3, False),
        (b'a,b\n1,"2\n2"\n3,4\n', 3, False),
        (b'a,b\n1,"2\r\n2"\n3,4\n', 3, False),
        (b'a,b\n1,"x ""y"" z"\n', 2, True),
        (b'a,b\n1,""\n"",""\n', 3, True),
        (b"a,b\n\n1,2\n", 2, False),
        (b"\n\na,b\n1,2\n", 2, False),
        (b"a,b\n1,2\n\n\n", 2, True),
        (b"a,b\n", 1, True),
        (b"a,b", 1, True),
        (b"\n\n", 0, True),
        (b'a,b\n1,2" pipe\n', 2, False),
        (b'a,b\n1,"2"x\n', 2, False),
    ],
)
def test_records_are_counted_as_written(file: Path, content: bytes, records: int, is_plain: bool) -> None:
    found = scan(file, content)
    assert found.is_plain == is_plain
    assert records == (found.records if found.is_well_quoted else count_exactly(file, ",").records)


@pytest.mark.parametrize(
    ("content", "line"),
    [(b'a,b\n1,"2\n3,4\n', 2), (b'a,b\n1,2\n3,"', 3), (b'a,b\n1,"x\n2,"y",3\n', 2), (b'"', 1)],
)
def test_a_quote_that_is_never_closed_is_found_on_its_line(file: Path, content: bytes, line: int) -> None:
    found = scan(file, content)
    assert found.is_open or not found.is_well_quoted
    assert count_exactly(file, ",").unclosed_line == line


@pytest.mark.parametrize(
    ("content", "reason", "line"),
    [
        (b"a,b\n1,\x002\n", "nul_byte", "line 2"),
        (b"a,b\n1,2\nM\xfcller,3\n", "invalid_utf8", "line 3"),
        (b"a,b\r\n1,2\r\nx,\xc3", "invalid_utf8", "line 3"),
    ],
)
def test_bytes_that_are_no_text_are_named_by_line(file: Path, content: bytes, reason: str, line: str) -> None:
    with pytest.raises(FileRefusedError, match=line) as caught:
        scan(file, content)
    assert caught.value.reason == reason


def test_one_endless_record_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prescan, "MAX_RECORD_BYTES", 1000)
    with pytest.raises(FileRefusedError, match="longer"):
        scan(file, b"a,b\n1," + b"x" * 2000 + b"\n")


CELLS = st.text(st.sampled_from('ab",\r\n ü'), max_size=6)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(CELLS, min_size=2, max_size=3), min_size=1, max_size=8),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    chunk=st.integers(1, 20),
    has_end=st.booleans(),
)
def test_any_well_formed_file_is_counted_right_wherever_its_pieces_end(
    file: Path, rows: list[list[str]], newline: str, chunk: int, has_end: bool
) -> None:
    text = io.StringIO()
    # the writer of the standard library leaves unquoted those line ends that are not its own
    if any(mark in cell for row in rows for cell in row for mark in "\r\n"):
        csv.writer(text, lineterminator=newline, quoting=csv.QUOTE_ALL).writerows(rows)
    else:
        csv.writer(text, lineterminator=newline).writerows(rows)
    content = text.getvalue() if has_end else text.getvalue().removesuffix(newline)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prescan, "CHUNK", chunk)
        found = scan(file, content.encode())
    assert found.records == len(rows)
    assert found.is_well_quoted
    assert not found.is_open
    assert count_exactly(file, ",").records == len(rows)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.sampled_from('a",\r\n'), max_size=40), chunk=st.integers(1, 7))
def test_the_outcome_does_not_depend_on_where_pieces_end(file: Path, text: str, chunk: int) -> None:
    whole = scan(file, text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prescan, "CHUNK", chunk)
        assert scan(file, text.encode()) == whole


def test_a_utf16_file_becomes_utf8_with_its_line_ends(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes("a,ü\r\n1,2\n".encode("utf-16"))
    encoding.transcode(source, "utf-16", target)
    assert target.read_bytes() == "a,ü\r\n1,2\n".encode()


def test_bytes_that_are_not_of_the_declared_encoding_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "a"
    source.write_bytes(b"\xff\xfea")
    with pytest.raises(FileRefusedError, match="not utf-16"):
        encoding.transcode(source, "utf-16", tmp_path / "b")
