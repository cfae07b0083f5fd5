"""Invariance: whether a scale's items measure alike over occasions and groups."""
