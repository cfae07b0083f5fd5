"""Per-person cross-products: rows are read once, models are fitted from these."""
