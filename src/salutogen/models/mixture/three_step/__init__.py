"""What goes with classes, corrected for errors of classification."""
