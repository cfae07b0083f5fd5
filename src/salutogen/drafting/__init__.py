"""Drafts of study files: what the columns of a data file tell, and what stays to be asked."""

from salutogen.drafting.draft import Draft, draft_study
from salutogen.drafting.folder import draft_file, draft_folder

__all__ = ["Draft", "draft_file", "draft_folder", "draft_study"]
