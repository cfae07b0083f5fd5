"""Networks of momentary answers: what moves with what, from prompt to prompt and at once."""
