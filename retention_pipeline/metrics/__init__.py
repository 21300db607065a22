"""Definitions of every metric and the pure functions that turn facts into metric rows.

Belongs here: the registry, formulas, intervals, statuses, suppression, wide layouts.
Not here: SQL, files, orchestration.
"""
