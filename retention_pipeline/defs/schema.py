"""``python -m retention_pipeline.defs.schema docs/published_schema``: record the shape of the published tables.

Additions are written into the file of the present contract version. Whatever would break consumers is refused until
``CONTRACT_VERSION`` is raised; then a file for the new version is begun and those of the others stay as they are.

Belongs here: the shape as declared, its file. Not here: what breaks (``core.published_schema``), the check of a real
version (``warehouse.contract``).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import yaml

from retention_pipeline.core.errors import PublishedSchemaError, RetentionError
from retention_pipeline.core.home import Home
from retention_pipeline.core.published_schema import CONTRACT_VERSION, Schema, normalised, schema_changes
from retention_pipeline.defs.dbt_parsed import ensure_manifest
from retention_pipeline.defs.marts import MartsCatalogue
from retention_pipeline.defs.tables import described_tables

_HEADER = "# What contract version {} promises: type of every published column. Written by `make schema`.\n"


def declared_schema(marts: MartsCatalogue) -> Schema:
    """The shape of a version as the tables' specifications have it; the same for every shop."""
    return {
        name: {column.name: normalised(column.type) for column in table.columns}
        for name, table in sorted(described_tables(marts).items())
    }


def recorded_schema(folder: Path, contract_version: int) -> Schema | None:
    """The shape recorded for a contract version; None where none was."""
    path = folder / f"v{contract_version}.yml"
    if not path.exists():
        return None
    tables: dict[str, dict[str, str]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tables


def record_schema(folder: Path, schema: Schema, contract_version: int) -> str:
    """Write the shape of a contract version; returns what is new, in words.

    Raises:
        PublishedSchemaError: The recorded shape of this contract version would be broken.
    """
    path = folder / f"v{contract_version}.yml"
    recorded = recorded_schema(folder, contract_version)
    changes = schema_changes(recorded or {}, schema)
    if changes.broken:
        raise PublishedSchemaError(
            f"{path}: {', '.join(changes.broken)}; consumers of contract version {contract_version} would break",
            remedy="bring the columns back, or raise CONTRACT_VERSION in core/published_schema.py",
        )
    text = yaml.safe_dump({table: dict(columns) for table, columns in schema.items()}, sort_keys=False)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(_HEADER.format(contract_version) + text, encoding="utf-8")
    if recorded is None:
        return f"{path}: contract version {contract_version} begins with {len(schema)} tables"
    return f"{path}: " + (f"new: {', '.join(changes.added)}" if changes.added else "nothing is new")


def main(folder: Path) -> int:
    """Record today's shape; returns the exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        marts = MartsCatalogue.from_manifest(ensure_manifest(Home(Path(scratch))))
    try:
        sys.stdout.write(record_schema(folder, declared_schema(marts), CONTRACT_VERSION) + "\n")
    except RetentionError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
