"""Faults that the pipeline survives; each test names the fault of the catalogue."""
