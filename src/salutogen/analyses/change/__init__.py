"""Change: which of several repeated variables moves first, by models side by side."""
