"""Many processors: the threads of one kernel, and whole fits in processes or on a cluster."""
