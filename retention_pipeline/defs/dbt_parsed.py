"""The dbt project as dbt parsed it: once for each version of its text, not once for each home.

Belongs here: parsing, and keeping what came of it. Not here: building models (``dbt``).
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from retention_pipeline.core.home import Home
from retention_pipeline.core.memory import memory_limit
from retention_pipeline.core.resources import dbt_project_dir
from retention_pipeline.warehouse.connection import release_process_caches
from retention_pipeline.warehouse.files import (
    TRAVERSE_DIR,
    make_dir,
    os_errors,
    replace_atomically,
    sha256_file,
)
from retention_pipeline.warehouse.hashing import combine, directory_hash

MANIFEST, PARSED, STAMP = "manifest.json", "partial_parse.msgpack", "manifest.stamp"


def common_arguments(home: Home) -> list[str]:
    """What every call of dbt is told."""
    project = str(dbt_project_dir())
    return [
        "--log-level", "none", "--log-level-file", "info", "--no-use-colors", "--no-version-check",
        "--no-send-anonymous-usage-stats",
        "--project-dir", project, "--profiles-dir", project,
        "--target-path", str(home.dbt_target), "--log-path", str(home.dbt_target / "logs"),
    ]  # fmt: skip


@contextlib.contextmanager
def dbt_environment(home: Home) -> Iterator[None]:
    """The variables that ``profiles.yml`` reads, and no telemetry."""
    values = {
        "DBT_RETENTION_BUILD": str(home.build),
        "DBT_RETENTION_STORE": str(home.store),
        "DBT_RETENTION_MEMORY": memory_limit(),
        "DO_NOT_TRACK": "1",
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    arguments, sys.argv = sys.argv, ["dbt"]  # dbt writes the command line down, where `erase` names a customer
    try:
        yield
    finally:
        sys.argv = arguments
        release_process_caches()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def ensure_manifest(home: Home) -> Path:
    """Parse the dbt project, unless this home or another one of this user holds what came of the same text.

    Returns:
        The path of ``manifest.json``.

    Raises:
        RuntimeError: The project does not parse: a defect of this package, not of the user's data.
    """
    fingerprint, target = _fingerprint(), home.dbt_target
    if _stamp(target) != fingerprint:
        with os_errors(home.root):
            make_dir(home.root, TRAVERSE_DIR)
            make_dir(target)
        if not _take(fingerprint, target):
            _parse(home)
            replace_atomically(target / STAMP, fingerprint.encode())
            _keep(fingerprint, target)
    return target / MANIFEST


def user_cache() -> Path:
    """Where this user's programs keep what can be made again, as the XDG base directories say."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "retention_pipeline"


def parsed_project(home: Home, variables: str) -> Any:
    """The project for dbt's runner. ``manifest.json`` would not do: a generic test loses its arguments in it.

    Args:
        home: Where it lies.
        variables: As dbt is given them; both stages of a run share one object, another run's values never do.
    """
    ensure_manifest(home)
    return _unpacked(home.dbt_target / PARSED, _stamp(home.dbt_target), variables)


@functools.lru_cache(maxsize=1)
def _unpacked(path: Path, stamp: str, variables: str) -> Any:
    del stamp, variables  # only tell one from another
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    manifest = Manifest.from_msgpack(path.read_bytes(), decoder=extended_mashumuro_decoder)
    manifest.build_flat_graph()  # what macros know as `graph`; it is not packed
    return manifest


def _fingerprint() -> str:
    """Text and place of the project, and who reads it: what another dbt or Python wrote may not be readable."""
    project = dbt_project_dir()
    return combine([directory_hash(project), str(project), version("dbt-core"), str(sys.version_info[:2])])


def _stamp(folder: Path) -> str:
    names = (MANIFEST, PARSED, STAMP)
    return (folder / STAMP).read_text(encoding="utf-8") if all((folder / name).exists() for name in names) else ""


def _parse(home: Home) -> None:
    from dbt.cli.main import dbtRunner

    with dbt_environment(home):
        result = dbtRunner().invoke(["parse", *common_arguments(home)])
    if not result.success:
        raise RuntimeError(f"dbt cannot parse its project: {result.exception}")


def _take(fingerprint: str, target: Path) -> bool:
    """Copy what is kept, if it is whole."""
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: nobody knows where this user's files are
        kept = user_cache() / fingerprint
        if _stamp(kept) == _seal(kept, fingerprint):
            _copy(kept, target, fingerprint)
            return True
    return False


def _keep(fingerprint: str, target: Path) -> None:
    """Keep a copy for other homes; without one they parse for themselves."""
    with contextlib.suppress(OSError, RuntimeError):
        kept = user_cache() / fingerprint
        make_dir(kept.parent)
        make_dir(kept)
        _copy(target, kept, _seal(target, fingerprint))


def _seal(folder: Path, fingerprint: str) -> str:
    return combine([fingerprint, sha256_file(folder / MANIFEST), sha256_file(folder / PARSED)])


def _copy(source: Path, target: Path, stamp: str) -> None:
    """The stamp comes last, so that a copy that breaks off is none."""
    for name in (MANIFEST, PARSED):
        replace_atomically(target / name, (source / name).read_bytes())
    replace_atomically(target / STAMP, stamp.encode())
