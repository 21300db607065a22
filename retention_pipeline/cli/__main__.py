"""``python -m retention_pipeline.cli``."""

from retention_pipeline.cli.app import main

main()
