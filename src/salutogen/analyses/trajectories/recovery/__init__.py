"""How persons respond and how long the way back takes."""
