"""Drafts of study files: what the columns of a data file tell, and what stays to be asked."""

from salutogen.drafting.draft import Draft, draft_study

__all__ = ["Draft", "draft_study"]
