"""Cross-lagged panel models, with and without random intercepts."""
