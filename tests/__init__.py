"""Tests of the product; the folders mirror the package."""
