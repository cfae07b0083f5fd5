"""Mixed models with persons in sites, with correlated or with unequal residuals."""
