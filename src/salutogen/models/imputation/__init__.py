"""What was not answered: several completed data sets, what they say together, and trials."""
