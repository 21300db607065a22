"""What lies in the landing place, at a glance.

Belongs here: telling whether files have come, gone or changed, without opening any. Not here: reading (``intake``).
"""

from __future__ import annotations

import hashlib

from retention_pipeline.config import Settings
from retention_pipeline.core.errors import RetentionError
from retention_pipeline.intake.delivery import stamp_of
from retention_pipeline.intake.discover import discover


def landing_state(settings: Settings) -> str:
    """A fingerprint over names, sizes and times of all files of all sources; empty where there are none."""
    digest = hashlib.sha256()
    found = False
    for name in settings.sources.configured():
        try:
            files = discover(settings, name, has_deliveries=True).files
        except RetentionError:  # a source without files yet; the run itself says what is missing
            continue
        for file in files:
            try:
                stamp = stamp_of(file.path)
            except OSError:  # taken away between the two looks
                continue
            digest.update(f"{file.shown} {stamp}\n".encode())
            found = True
    return digest.hexdigest()[:32] if found else ""
