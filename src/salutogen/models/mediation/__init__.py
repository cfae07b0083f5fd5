"""Through what a factor acts: indirect effects, their intervals and what would undo them."""
