"""A simulated shop whose true retention is known, delivered as a shop would: with dirt.

Belongs here: the simulator and its truth. Not here: anything the pipeline itself needs.
"""
