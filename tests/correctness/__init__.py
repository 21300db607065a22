"""Whether published numbers are right in ways that need no second implementation: coverage, metamorphic relations."""
