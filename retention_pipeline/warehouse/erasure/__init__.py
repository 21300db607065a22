"""Erasing a person from everything that this product wrote.

Belongs here: where a person occurs, removing it, the log that proves it and makes it last. Not here: publishing without
the person (``publish``), dropping what is delivered again (``intake``), questions and answers (``cli``).
"""
