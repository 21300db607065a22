"""Deliveries in, accepted and quarantined rows out.

Belongs here: finding delivered files, reading them, the contract of each source, reason codes.
Not here: anything about periods, cohorts or metrics; database connections (``warehouse``).
"""
