"""Mutations of the models' SQL: does anything notice when a model is subtly wrong?"""
