"""Who was lost: what loss goes with, weights for it, and what it would take to turn a claim."""
