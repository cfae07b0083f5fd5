"""SR and problems at the occasions around each anchor."""
