"""Data-quality gates: the only package that imports great_expectations, and only when a gate runs.

Belongs here: loading the suites of ``data_tests/``, evaluating them, the report of a gate.
Not here: when a gate runs (``defs``), what the tables are (``core``, dbt).
"""
