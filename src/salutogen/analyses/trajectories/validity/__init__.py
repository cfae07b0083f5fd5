"""What labels and locks foretell, and what relates to them."""
