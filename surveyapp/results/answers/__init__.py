"""Answers to single questions, counted."""
