"""Baseline-adjusted: problems after exposure given those before it, beside SR."""
