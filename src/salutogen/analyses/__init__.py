"""Analyses after the scores: each in a folder of its own, registered in one line."""
