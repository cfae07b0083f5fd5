"""Sensitivity bands: how far SR would move if an assumption did not hold."""
