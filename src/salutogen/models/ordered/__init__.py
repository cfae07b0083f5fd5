"""Items with ordered answers: thresholds, polychoric correlations, and a factor behind them."""
