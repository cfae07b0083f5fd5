"""What the same persons show around occasions without an event: the comparator of event locks."""
