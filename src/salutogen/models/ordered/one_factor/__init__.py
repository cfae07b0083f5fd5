"""One factor behind ordered items: whether they measure alike over occasions and groups."""
