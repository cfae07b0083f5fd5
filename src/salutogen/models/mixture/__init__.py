"""Growth mixtures: latent classes of persons, each with its own course over time."""
