"""The ``retention`` command.

Belongs here: what a person types and sees. Not here: anything another program would want to call.
"""

from retention_pipeline.cli.app import main

__all__ = ["main"]
