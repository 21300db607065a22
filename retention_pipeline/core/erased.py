"""Who has been erased, in a form that names nobody: recognising them without keeping their id or its hash.

An erased person is remembered by a *tag*: a second keyed hash, over the keyed hash of the id, under a key derived from
the id key. Whoever holds a copy of published tables (keyed hashes) cannot tell from the tags who was erased, and
whoever finds the tags without the id key can test no guess against them. Deriving the key means that nothing more has
to be backed up: without the id key the store is refused anyway.
Belongs here: tags and the words they are compared with. Not here: where they are kept (``warehouse.erasure``), dropping
records (``intake``, ``warehouse.erasure``).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

LONGEST_NAME = 4
"""Words of a name or an address that are looked for as one."""
_AROUND = ".,;:!?()[]{}<>\"'`|/\\"
_LABEL = b"retention-pipeline erasure"
_LETTERS, _CHARACTERS = 4, 6


class Kind(StrEnum):
    """What a tag was made from; equal texts of two kinds have different tags."""

    PERSON = "person"
    """The keyed hash of a customer id."""
    ORDER = "order"
    """The number of an order of the person."""
    MENTION = "mention"
    """A text by which a record may name the person: the id itself, an e-mail address, a name."""


@dataclass(frozen=True)
class Erased:
    """Everybody who has been erased; falsy when nobody has.

    Attributes:
        id_key: The key that customer ids are hashed with.
        people: Tags of customers.
        orders: Tags of their orders.
        mentions: Tags of texts that name them.
    """

    id_key: bytes
    people: frozenset[str] = frozenset()
    orders: frozenset[str] = frozenset()
    mentions: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.people)

    @cached_property
    def _key(self) -> bytes:
        return erasure_key(self.id_key)

    def is_person(self, customer_hash: str) -> bool:
        """Whether this is the keyed hash of an erased customer."""
        return tag(self._key, Kind.PERSON, customer_hash) in self.people

    def is_order(self, order_id: str) -> bool:
        """Whether this is the number of an order of an erased customer."""
        return tag(self._key, Kind.ORDER, order_id) in self.orders

    def is_named_in(self, text: str) -> bool:
        """Whether a text names an erased person."""
        return bool(self.mentioned_in(text))

    def mentioned_in(self, text: str) -> set[str]:
        """The tags of the erased persons' names that a text holds."""
        if not self.mentions:
            return set()
        return {tag(self._key, Kind.MENTION, words) for words in spellings(text)} & self.mentions


def erasure_key(id_key: bytes) -> bytes:
    """The key of the tags."""
    return hmac.digest(id_key, _LABEL, "sha256")


def tag(key: bytes, kind: Kind, text: str) -> str:
    """The tag of a text: 32 hexadecimal digits."""
    return hashlib.blake2b(text.encode(), digest_size=16, key=key, person=kind.value.encode()).hexdigest()


def mention_tag(key: bytes, text: str) -> str | None:
    """The tag of a text that may name a person; None for one that would be met everywhere, such as ``17``."""
    words = " ".join(_words(text))
    is_telling = len(words) >= _CHARACTERS or (len(words) >= _LETTERS and any(map(str.isalpha, words)))
    return tag(key, Kind.MENTION, words) if is_telling else None


def spellings(text: str) -> Iterator[str]:
    """Every run of one to four words of a text, as tags are made of them."""
    words = _words(text)
    for first in range(len(words)):
        for last in range(first + 1, min(first + LONGEST_NAME, len(words)) + 1):
            yield " ".join(words[first:last])


def _words(text: str) -> list[str]:
    return [word for each in text.casefold().split() if (word := each.strip(_AROUND))]
