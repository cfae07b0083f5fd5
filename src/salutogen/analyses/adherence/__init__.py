"""Adherence: which momentary prompts were answered, when, how fast and how carefully."""
