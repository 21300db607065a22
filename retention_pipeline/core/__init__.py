"""Pure vocabulary of the pipeline: standard library only, imported by every other package.

Belongs here: names, table specifications, statuses, periods, errors, the layout of a home directory.
Not here: anything that reads a file's contents, opens a database or imports a third-party package.
"""
