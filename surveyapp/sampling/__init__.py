"""Asking: who met which touchpoint, and whom to ask because of it."""
