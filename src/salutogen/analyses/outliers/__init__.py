"""Far points: who lies far out, and by which rule."""
