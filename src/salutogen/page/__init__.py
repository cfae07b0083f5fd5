"""The kit of the page: sections, figures, tables, words and what may be shown of persons."""
