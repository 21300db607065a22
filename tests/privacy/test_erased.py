"""Tags: what is remembered of somebody who must be forgotten."""

from __future__ import annotations

import pytest

from retention_pipeline.core.erased import Erased, Kind, erasure_key, mention_tag, spellings, tag
from retention_pipeline.warehouse.erasure.people import tags_of
from tests.privacy.shop import ADA, ADA_HASH, KEY, MAIL, NAME, ada

ERASED = Erased(KEY, **{name: frozenset(tags) for name, tags in tags_of(KEY, [ada(MAIL, NAME)], ["O1"]).items()})


def test_a_person_is_recognised_by_the_hash_and_by_nothing_like_it() -> None:
    assert ERASED.is_person(ADA_HASH)
    assert not ERASED.is_person(ADA)
    assert not ERASED.is_person(ADA_HASH[:-1] + "0")
    assert not Erased(KEY)
    assert not Erased(KEY).is_person(ADA_HASH)


def test_the_tags_hold_neither_id_nor_hash_and_depend_on_the_key() -> None:
    tags = str(sorted(ERASED.people | ERASED.orders | ERASED.mentions))
    assert all(text not in tags for text in (ADA, ADA_HASH, MAIL, NAME, "O1"))
    assert not Erased(b"another key", people=ERASED.people).is_person(ADA_HASH)
    assert tag(erasure_key(KEY), Kind.PERSON, "x") != tag(erasure_key(KEY), Kind.ORDER, "x")


@pytest.mark.parametrize(
    "text", [MAIL, f"write to <{MAIL.upper()}>, please", "a letter of ada  LOVELACE.", f"{ADA} x", f"see: {ADA}!"]
)
def test_a_text_that_names_her_is_recognised(text: str) -> None:
    assert ERASED.is_named_in(text)


@pytest.mark.parametrize("text", ["", "Ada", "Lovelace", "somebody@example.org", "Ada B. Lovelace", f"{ADA}2", "17"])
def test_a_text_that_does_not_name_her_is_not(text: str) -> None:
    assert not ERASED.is_named_in(text)


@pytest.mark.parametrize(("text", "is_telling"), [("17", False), ("4711", False), ("abc", False), ("ab12", True),
                                                  ("471147", True), (" ,; ", False)])  # fmt: skip
def test_only_a_telling_text_is_looked_for(text: str, is_telling: bool) -> None:
    assert (mention_tag(erasure_key(KEY), text) is not None) == is_telling


def test_a_name_of_four_words_is_looked_for_as_one() -> None:
    assert "ana maria de souza" in set(spellings("for Ana Maria de Souza, urgently"))
