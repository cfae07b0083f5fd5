"""Recovery: how long affect stays outside a person's own band after a momentary stressor."""
