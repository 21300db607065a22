"""The ``retention`` command.

Belongs here: what a person types and sees. Not here: anything another program would want to call.
"""

import os

# Before anything imports NumPy: nothing here multiplies matrices, and each thread of its library takes 32 MB at once;
# where they cannot be had it tries for ever.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from retention_pipeline.cli.app import main

__all__ = ["main"]
