"""The dbt project, parsed once for the tests of this folder."""

import pytest

from tests.carrying.quick import Quick
from tests.dbt.conftest import project
from tests.dbt.support import Project

__all__ = ["project", "quick"]


@pytest.fixture(scope="session")
def quick(project: Project) -> Quick:
    graph = project.manifest.flat_graph
    return Quick(graph["nodes"], graph["sources"])
