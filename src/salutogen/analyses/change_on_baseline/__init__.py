"""Change on baseline: the slope without regression to the mean."""
