"""Fingerprints of what a result depends on besides the deliveries: the code and the configuration.

Belongs here: hashing program text and settings. Not here: hashing tables (``hashing``) or deliveries (``store``).
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from retention_pipeline.config import Settings
from retention_pipeline.core.resources import PACKAGE_DIR, resource_dir

_BY_PRODUCTS = {"__pycache__", "target", "logs", "dbt_packages", "_bundled"}


@functools.cache
def code_hash() -> str:
    """SHA-256 over every Python file of the package, the dbt project and the data-quality suites.

    Computed once per process. The same files give the same hash wherever they are installed.
    """
    digest = hashlib.sha256()
    roots = (("package", PACKAGE_DIR, {".py"}),) + tuple(
        (name, resource_dir(name), {".sql", ".yml", ".yaml", ".json", ".csv"}) for name in ("dbt_project", "data_tests")
    )
    for label, root, suffixes in roots:
        for relative, path in sorted(_files(root, suffixes)):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{label}/{relative}\0{content}\n".encode())
    return digest.hexdigest()


def config_hash(settings: Settings) -> str:
    """SHA-256 over the shop, its sources and the limits: everything that can change a number.

    The home directory, the place of the configuration file and the number of versions kept do not take part.
    """
    content = settings.model_dump(mode="json", include={"shop", "sources", "limits"})
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def combine(parts: Iterable[str]) -> str:
    """SHA-256 over a sequence of texts, each one delimited."""
    return hashlib.sha256("".join(f"{len(part)}:{part}\n" for part in parts).encode()).hexdigest()


def _files(root: Path, suffixes: set[str]) -> Iterator[tuple[str, Path]]:
    for path in root.rglob("*"):
        relative = path.relative_to(root)
        hidden = any(part in _BY_PRODUCTS or part.startswith(".") for part in relative.parts)
        if path.suffix in suffixes and not hidden and path.is_file():
            yield relative.as_posix(), path
