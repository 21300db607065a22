"""The dbt project, parsed once for the tests of this folder."""

from tests.dbt.conftest import project

__all__ = ["project"]
