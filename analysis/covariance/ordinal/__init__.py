"""Ordinal items: polychoric correlations, limited-information estimation, scores."""
