from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention_pipeline.intake.casting import trimmed
from retention_pipeline.intake.identity import hash_id, hash_parameters, hash_sql

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


CONNECTION = duckdb.connect()


@settings(max_examples=60, deadline=None)
@given(key=st.binary(min_size=1, max_size=150), text=TEXTS)
def test_sql_and_python_hash_the_same(key: bytes, text: str) -> None:
    row = CONNECTION.execute(
        f"SELECT {hash_sql('id')} FROM (SELECT {trimmed('v')} AS id FROM (SELECT $text AS v))",
        {"text": text, **hash_parameters(key)},
    ).fetchone()
    assert row is not None
    assert row[0] == hash_id(key, text)


def test_the_hash_is_hmac_sha256_cut_to_128_bits() -> None:
    # RFC 4231, test case 2
    assert hash_id(b"Jefe", "what do ya want for nothing?") == "5bdcc146bf60754e6a042426089575c7"


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0 \r\n"])
def test_a_blank_id_is_a_guest(blank: str) -> None:
    assert hash_id(b"k", blank) is None


def test_blanks_around_an_id_do_not_make_another_person_but_zeros_do() -> None:
    assert hash_id(b"k", " 007\t") == hash_id(b"k", "007")
    assert hash_id(b"k", "007") != hash_id(b"k", "7")


def test_another_key_gives_other_hashes() -> None:
    assert hash_id(b"k", "c1") != hash_id(b"l", "c1")
