"""Domains: SR of several kinds of problems, and who is resilient in all of them."""
