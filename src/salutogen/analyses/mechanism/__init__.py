"""Mechanism: whether a factor goes with later resilience by way of something else."""
