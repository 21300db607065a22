"""Fault B8: a valid file, damaged at random, is never a crash and never loses a record."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retention_pipeline.intake.identity import TRIMMED
from tests.intake.conftest import HEADER, Shop, new_store

ROWS = [f"o{n},c{n % 3},2026-03-0{n + 1}T10:00:00,paid,EUR,{n}.50," for n in range(6)]
VALID = "\n".join([HEADER, *ROWS, 'o9,"c,9",2026-03-01,"pa""id",EUR,"1.50",0', ""]).encode()
PIECES = [b'"', b",", b"\n", b"\r\n", b"\r", b";", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xc3\xa9", b"9999-12-31", b"NaN",
          b"1e9", b" ", b"-", b'""', b"\n\n", b"\t", b"x" * 2000]  # fmt: skip
CHANGES = st.lists(
    st.tuples(
        st.integers(0, len(VALID)), st.sampled_from(["insert", "delete", "replace", "cut", "repeat"]),
        st.sampled_from(PIECES), st.integers(1, 12),
    ),
    min_size=1, max_size=4,
)  # fmt: skip


def damage(content: bytes, changes: list[tuple[int, str, bytes, int]]) -> bytes:
    for place, change, piece, length in changes:
        before, rest = content[:place], content[place:]
        content = {
            "insert": before + piece + rest,
            "delete": before + rest[length:],
            "replace": before + piece + rest[length:],
            "cut": before,
            "repeat": before + rest[:length] * 2 + rest[length:],
        }[change]
    return content


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_a_damaged_file_is_taken_in_with_reasons_or_refused_with_one(
    shop: Shop, changes: list[tuple[int, str, bytes, int]]
) -> None:
    shop.configure('path = "orders_{date}.csv"')
    shop.write(damage(VALID, changes), "orders_2026-03-08.csv")
    shop.write(VALID, "orders_2026-03-09.csv")
    shop.store.close()
    shop.store = new_store()
    report = shop.ingest()
    for refusal in report.refused:
        assert refusal.reason
        assert refusal.remedy
        assert "08" in refusal.path
    sound = shop.query("SELECT loaded, records FROM raw.deliveries WHERE business_date = DATE '2026-03-09'")
    assert sound == [(7, 7)]
    known = shop.query("SELECT count(*) FROM raw.quarantine WHERE reason IS NULL OR reason = '' OR line < 2")
    assert known == [(0,)]


def test_the_undamaged_file_is_taken_in_whole(shop: Shop) -> None:
    shop.write(VALID)
    report = shop.ingest().sources["orders"]
    assert (report.records, report.loaded, report.quarantined, report.suppressed) == (7, 7, 0, 0)


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), max_size=8) | st.text(
    st.sampled_from('a"\r\n ,;\t\\#'), max_size=8
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(CELLS, min_size=1, max_size=12), newline=st.sampled_from(["\n", "\r\n", "\r"]))
def test_any_text_comes_back_as_it_was_written_on_the_line_it_was_written(
    shop: Shop, cells: list[str], newline: str
) -> None:
    shop.configure('path = "orders_{date}.csv"')
    text, line = HEADER + newline, 2
    expected: list[tuple[object, ...]] = []
    for cell in cells:
        trimmed = cell.strip(TRIMMED)
        if trimmed:
            expected.append((trimmed, line))
        text += '"' + cell.replace('"', '""') + '",c,2026-03-01,paid,EUR,1,' + newline
        line += 1 + cell.count("\n") + cell.count("\r") - cell.count("\r\n")
    shop.write(text, "orders_2026-03-01.csv")
    shop.store.close()
    shop.store = new_store()
    report = shop.ingest()
    assert report.refused == []
    first: dict[object, tuple[object, ...]] = {}
    for row in expected:
        first.setdefault(row[0], row)
    assert shop.query("SELECT order_id, line FROM raw.orders ORDER BY line") == list(first.values())
    sources = report.sources["orders"]
    assert (sources.suppressed, sources.quarantined) == (len(expected) - len(first), len(cells) - len(expected))
