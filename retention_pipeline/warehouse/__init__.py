"""The only package that imports duckdb: connections, delivery store, build file, publication, reading.

Belongs here: files and their protocols. Not here: what a metric means, what a valid row is.
"""
