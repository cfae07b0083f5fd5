"""Bootstraps, agreement of classifications, and many fits at once."""
