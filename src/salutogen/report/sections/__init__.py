"""Sections of the report, one module for each question the page answers."""
