"""Longitudinal k-means: classes of whole trajectories."""
