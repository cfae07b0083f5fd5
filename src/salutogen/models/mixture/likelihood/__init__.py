"""The likelihood of a growth mixture, and the search for its maximum."""
