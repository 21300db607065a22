"""Keyed hashes in place of customer ids: the same person has the same hash, and without the key nobody has a name.

Belongs here: the hash, in Python and in SQL. Not here: where the key comes from (``warehouse.keys``).
"""

from __future__ import annotations

import hashlib
import hmac

HASH_LENGTH = 32
TRIMMED = " \t\r\n\u00a0"
"""What is cut from both ends of every text; ids are hashed after that."""

_BLOCK = 64


def hash_id(key: bytes, text: str) -> str | None:
    """The hash of a customer id as it stands in a file.

    Returns:
        The first 32 hex digits of HMAC-SHA256 over the trimmed id in UTF-8; ``None`` for a blank one (a guest).
    """
    trimmed = text.strip(TRIMMED)
    return hmac.new(key, trimmed.encode(), hashlib.sha256).hexdigest()[:HASH_LENGTH] if trimmed else None


def hash_sql(column: str) -> str:
    """The same hash of an SQL expression that is already trimmed; needs the values of ``hash_parameters``."""
    inner = f"unhex(sha256($inner_pad::BLOB || encode({column})))"
    return f"left(sha256($outer_pad::BLOB || {inner}), {HASH_LENGTH})"


def hash_parameters(key: bytes) -> dict[str, bytes]:
    """The two padded keys of HMAC (RFC 2104), to be bound, never written into SQL text."""
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return {"inner_pad": bytes(byte ^ 0x36 for byte in block), "outer_pad": bytes(byte ^ 0x5C for byte in block)}
