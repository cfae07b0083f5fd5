"""Who is lost from a panel: hazard of the last observation, weights, and what they change."""
