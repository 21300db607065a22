"""The dbt project, parsed once for all tests."""

from __future__ import annotations

import pytest

from tests.dbt.support import Project, common_arguments


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    from dbt.cli.main import dbtRunner

    folder = tmp_path_factory.mktemp("dbt")
    outcome = dbtRunner().invoke(["parse", *common_arguments(folder)])
    assert outcome.success, outcome.exception
    return Project(folder, outcome.result)
