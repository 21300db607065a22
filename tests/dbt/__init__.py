"""Tests of the dbt project: it is built over small stores written row by row."""
