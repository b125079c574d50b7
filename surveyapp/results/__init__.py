"""Rows to frames and numbers: the one caller of analysis."""
