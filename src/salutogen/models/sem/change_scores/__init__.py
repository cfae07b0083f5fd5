"""Latent change scores: what changes follow from."""
