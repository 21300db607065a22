"""Tests of the files and protocols in ``retention_pipeline.warehouse``."""
