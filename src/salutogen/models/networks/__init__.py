"""Networks: which variables go together, at one time and from one time to the next."""
