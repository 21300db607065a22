"""The only package that imports dagster: assets, checks, jobs, resources.

Belongs here: orchestration, one file per concept. Not here: what an asset computes (the packages below).
Modules with decorated functions leave annotations unpostponed: Dagster reads them when it decorates.
"""
