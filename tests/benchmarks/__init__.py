"""Tests of what measures: shops, the floor, tables. No times are asserted."""
