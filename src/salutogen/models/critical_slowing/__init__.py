"""Indicators that are said to rise before a change, with what this many answers can show."""
