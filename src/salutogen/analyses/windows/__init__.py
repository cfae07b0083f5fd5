"""Windows: the line of each, and mean SR from the frozen line beside the refitted ones."""
