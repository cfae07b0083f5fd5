"""The command line: it parses, calls one function of the library, and prints."""

from salutogen.cli.app import main

__all__ = ["main"]
