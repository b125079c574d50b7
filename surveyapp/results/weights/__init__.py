"""Scores weighted by known shares of the population, beside those without."""
