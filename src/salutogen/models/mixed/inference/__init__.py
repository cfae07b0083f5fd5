"""How certain a mixed model is: tests, robust errors, intervals, bootstraps."""
