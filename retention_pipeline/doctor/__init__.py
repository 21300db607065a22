"""Looking a home directory over: what is damaged, left over, unwritable or missing, and what can be put right.

Belongs here: diagnoses of files, and repairs that are safe. Not here: what a run does by itself, Dagster (``defs``).
"""
