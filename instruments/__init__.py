"""Questionnaires as data: schema, loader, the rule for what an item accepts, and the library."""
