"""Telling people: what is wrong, who has been told of it, and a sign of life for outside monitors.

Belongs here: observing a home directory, rules, the register of incidents, messages, channels. Not here: running the
pipeline, deciding whether something may be published (``quality``), terminals (``cli``), Dagster (``defs``).
"""
