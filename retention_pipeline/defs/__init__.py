"""The only package that imports dagster: assets, checks, jobs, resources.

Belongs here: orchestration, one file per concept. Not here: what an asset computes (the packages below).
"""
