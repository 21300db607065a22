"""Fault B8: a valid file, damaged at random, is never a crash and never loses a record."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
