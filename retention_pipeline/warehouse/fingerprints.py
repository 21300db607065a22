"""Fingerprints of what a result depends on besides the deliveries: the code and the configuration.

Belongs here: which files and which settings take part. Not here: hashing tables or folders (``hashing``), deliveries
(``store``).
"""

from __future__ import annotations

import functools
import hashlib
import json
from importlib.metadata import version

from retention_pipeline.config import Settings
from retention_pipeline.core.resources import PACKAGE_DIR, data_tests_dir, dbt_project_dir
from retention_pipeline.warehouse.hashing import combine, directory_hash

_COMPUTING = ("duckdb", "dbt-core", "dbt-duckdb", "great-expectations", "numpy", "pandas")


@functools.cache
def code_hash() -> str:
    """SHA-256 over every Python file of the package, the dbt project and the data-quality suites.

    Computed once per process. The same files give the same hash wherever they are installed.
    """
    return combine([directory_hash(folder) for folder in (PACKAGE_DIR, dbt_project_dir(), data_tests_dir())])


@functools.cache
def libraries_hash() -> str:
    """SHA-256 over the versions of the libraries that compute: a new one may round the last digit another way."""
    return combine(f"{name} {version(name)}" for name in _COMPUTING)


def config_hash(settings: Settings) -> str:
    """SHA-256 over the shop, its sources, limits and cut points: everything that can change a number.

    The home directory, the place of the configuration file and the number of versions kept do not take part.
    """
    content = settings.model_dump(mode="json", include={"shop", "sources", "limits", "rfm"})
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
