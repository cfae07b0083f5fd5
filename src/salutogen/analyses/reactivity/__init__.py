"""Reactivity: how much affect differs at prompts with a stressor, and how reliably persons do."""
