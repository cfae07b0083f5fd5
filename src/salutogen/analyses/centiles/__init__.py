"""Centiles: where a person stands among persons of the same exposure, where spread is unequal."""
