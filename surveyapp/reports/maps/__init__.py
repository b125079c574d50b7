"""A journey's map on paper."""
