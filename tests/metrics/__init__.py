"""Tests of the metric definitions and formulas."""
