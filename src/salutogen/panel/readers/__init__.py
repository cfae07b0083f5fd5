"""One file for each kind of data file, and the registry that knows them by suffix."""
