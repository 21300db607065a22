"""Measuring the pipeline: simulated shops of any size, contenders in one run, tables and plots of the results.

Belongs here: whatever only measures. Not here: anything the product needs to run.
"""
