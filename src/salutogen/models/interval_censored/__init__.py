"""Times that are known to lie in intervals: without a form, and exponential."""
