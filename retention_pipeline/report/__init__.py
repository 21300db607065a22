"""The report: one HTML page with plots of a published version, for people who would rather look than read.

Belongs here: figures and words made from published tables. Not here: numbers of its own (they are published or
they are not shown), opening the version, writing the file (``cli``).
"""
