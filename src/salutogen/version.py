"""The version, in a place of its own: whatever needs it imports nothing else."""

VERSION = "0.1.0"
