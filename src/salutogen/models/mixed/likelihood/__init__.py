"""The likelihood of a mixed model from persons' moments, and its parameters."""
