"""Quality: reliability of SR and of the scales behind it, and how well exposure is measured."""
