"""What several estimates say together, and how much confounding would explain one away."""
