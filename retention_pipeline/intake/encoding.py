"""Bytes to UTF-8: signatures at the start of a file, and files in another encoding.

Belongs here: byte order marks, rewriting to UTF-8. Not here: the content of a CSV file (``prescan``).
"""

from __future__ import annotations

import codecs
from pathlib import Path

from retention_pipeline.intake.refusal import FileRefusedError

CHUNK = 8 << 20
_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


def check_signature(head: bytes, encoding: str) -> None:
    """Refuse what the first bytes give away.

    Raises:
        FileRefusedError: Empty, compressed, or a byte order mark of another encoding than the configured one.
    """
    if not head:
        raise FileRefusedError(
            "empty_file", "the file has no bytes, not even a header", "deliver it again; an empty day is a header alone"
        )
    for magic, name in _PACKED.items():
        if head.startswith(magic):
            raise FileRefusedError("compressed_file", f"this is a {name} archive", "deliver the file unpacked")
    if head.startswith(b"PAR1"):
        raise FileRefusedError("wrong_format", "this is a Parquet file", 'write format = "parquet" for this source')
    marked = None
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        marked = "utf-16"
    elif head.startswith(codecs.BOM_UTF8):
        marked = "utf-8"
    if marked is not None and marked != encoding:
        raise FileRefusedError(
            "wrong_encoding",
            f"the byte order mark says {marked}, the configuration says {encoding}",
            f'write encoding = "{marked}" for this source',
        )


def transcode(path: Path, encoding: str, target: Path) -> None:
    """Rewrite a file in UTF-8; line ends stay as they are.

    Raises:
        FileRefusedError: The bytes are not of that encoding.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb") as source, target.open("wb") as out:
            while chunk := source.read(CHUNK):
                out.write(decoder.decode(chunk).encode("utf-8"))
            out.write(decoder.decode(b"", final=True).encode("utf-8"))
    except UnicodeError:
        raise FileRefusedError(
            "wrong_encoding", f"the bytes are not {encoding}", "correct encoding for this source, or deliver it again"
        ) from None
