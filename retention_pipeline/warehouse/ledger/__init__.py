"""The restatement ledger: what a version changes in what was published before, and why.

Belongs here: choosing the version to compare with, comparing cells, deriving causes from records, remembering it all.
Not here: the order of a publication (``warehouse.publish``), the meaning of the columns (``core.history_tables``).
"""
