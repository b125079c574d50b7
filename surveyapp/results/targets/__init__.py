"""Targets beside the figures that they are for."""
