"""Trials: what those who left would have had, by a rule that looks to the reference arm."""
