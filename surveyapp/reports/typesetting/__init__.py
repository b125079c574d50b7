"""A document set in type: paragraphs, tables, pages, tagged PDF."""
