"""Streams of momentary prompts: clocks, states, what the plan says of prompts without a row."""
