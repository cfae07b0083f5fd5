"""Formulas and frames: the door through which data enter the models."""
