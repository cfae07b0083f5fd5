"""Lasting levels of persons beside autocorrelated fluctuation around them."""
