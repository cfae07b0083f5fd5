"""Whether indicators of momentary affect rise, and whether these answers could show it."""
