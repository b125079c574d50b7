"""Scores beside those of other populations."""
