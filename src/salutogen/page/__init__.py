"""The kit of the page: sections, figures, tables, words and what may be shown of persons."""

from salutogen.page.audience import Audience
from salutogen.page.section import Figure, Section, Table
from salutogen.page.words import say

__all__ = ["Audience", "Figure", "Section", "Table", "say"]
