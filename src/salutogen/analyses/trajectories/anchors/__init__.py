"""Who is anchored, at which event and occasion."""
