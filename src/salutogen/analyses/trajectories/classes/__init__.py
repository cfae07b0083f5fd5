"""Classes of courses, claimed only behind gates."""
