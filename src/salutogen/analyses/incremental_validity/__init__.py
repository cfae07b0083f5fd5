"""Incremental validity: what SR adds to problems and exposure in foretelling an outcome."""
