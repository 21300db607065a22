"""Why a file is not read at all.

Belongs here: the error that carries a reason code from where a fault is seen to where the delivery is recorded.
Not here: faults of single records (``casting``).
"""

from __future__ import annotations


class FileRefusedError(Exception):
    """One file cannot be taken in; caught by ``ingest``, which records the delivery as refused."""

    def __init__(self, reason: str, detail: str, remedy: str, *, records: int = 0) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.remedy = remedy
        self.records = records
