"""Random valid studies with their answers: study `k` of a seed is always the same."""
