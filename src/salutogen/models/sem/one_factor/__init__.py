"""One factor behind several items: whether they measure alike over occasions and groups."""
