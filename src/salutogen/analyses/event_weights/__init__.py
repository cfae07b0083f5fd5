"""Event weights: whether events weighted by what they go with tell more than their plain number."""
