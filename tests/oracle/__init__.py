"""An independent oracle: every published fact and metric computed a second time, in plain Python, by brute force.

Belongs here: definitions taken from the metric pages, written with sets, loops and exact integers.
Not here: any import of the pipeline's SQL or metric formulas; agreement would then prove nothing.
"""
