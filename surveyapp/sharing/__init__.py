"""Saved views, and share links for people without an account."""
