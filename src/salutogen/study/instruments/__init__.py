"""Instruments: the registry's files, one per instrument, and each instrument as a study uses it."""
