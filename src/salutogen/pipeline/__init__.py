"""From a study and its answers to results, and the folder they are written to."""
