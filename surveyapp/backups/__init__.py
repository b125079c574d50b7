"""Copies of an installation: made while it serves, checked, kept by number, and brought back."""
