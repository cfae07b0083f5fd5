"""Gaussian structural models: means and covariances that follow from paths between variables."""
