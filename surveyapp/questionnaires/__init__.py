"""Questionnaires that staff write on pages: drafts, their faults, versions, files."""
