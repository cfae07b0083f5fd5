"""How a file is laid out: one row per occasion, person, item or event."""
