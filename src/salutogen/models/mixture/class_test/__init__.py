"""How many classes: the bootstrap likelihood-ratio test, without rows."""
