"""Growth: positive functioning above its own baseline, followed forwards in time."""
