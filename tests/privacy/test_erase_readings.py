"""What is named may be an id or a keyed hash, and some shops' ids look like keyed hashes."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from retention_pipeline.cli.erasing import Wanted, erase_customers
from retention_pipeline.intake.identity import hash_id
from tests.privacy.shop import ADA, ADA_HASH, KEY, Tiny

HEX = "0123456789abcdef" * 2
HEX_HASH = hash_id(KEY, HEX) or ""


def erase(shop: Tiny, *customers: str, in_advance: bool = False) -> str:
    text = io.StringIO()
    wanted = Wanted(customers, None, dry_run=False, yes=True, in_advance=in_advance, wait=0)
    erase_customers(shop.settings, wanted, Console(file=text, width=200))
    return text.getvalue()


def orders(shop: Tiny, customer_hash: str) -> int:
    return shop.count(f"select count(*) from raw.orders where customer_id = '{customer_hash}'")


@pytest.fixture
def hexed(tiny: Tiny) -> Tiny:
    """A shop where one customer's id has the form of a keyed hash."""
    for path in (tiny.folder / "landing").iterdir():
        path.write_text(path.read_text(encoding="utf-8").replace("KUNDE-0001", HEX), encoding="utf-8")
    tiny.take_in()
    return tiny


@pytest.mark.parametrize("named", [HEX, HEX_HASH])
def test_a_customer_whose_id_looks_like_a_hash_is_erased_by_either(hexed: Tiny, named: str) -> None:
    assert orders(hexed, HEX_HASH) > 0
    assert "erasure 1 is complete" in erase(hexed, named)
    assert orders(hexed, HEX_HASH) == 0
    (erasure,) = hexed.log.erasures
    assert len(erasure.begun["people"]) == 1


def test_in_advance_both_readings_are_remembered_and_count_as_one_person(hexed: Tiny) -> None:
    unknown = HEX[::-1]
    said = erase(hexed, ADA, unknown, in_advance=True)
    assert said.count("nothing is stored") == 1
    erased = hexed.log.erased
    assert [erased.is_person(each) for each in (ADA_HASH, unknown, hash_id(KEY, unknown) or "")] == [True] * 3
    assert not erased.is_person(HEX_HASH)
