"""Rows out of a shop's database, into a file that intake reads like any other.

Belongs here: connecting to PostgreSQL (this package is the only one that does), its types, its errors in words,
streaming rows into a file. Not here: what is asked for and what becomes of it (``intake.database``).
"""
