"""Processes in continuous time, seen at any times and with error."""
