"""Gaussian mixed models with the person as grouping factor."""
