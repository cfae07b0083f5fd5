"""Labels of courses by rule, and how sure they are."""
