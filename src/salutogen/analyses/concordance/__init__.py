"""Concordance: how far other ways to score resilience agree on the same data."""
