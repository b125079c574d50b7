"""Surveys: what is asked at a touchpoint or a journey's end, in which theme, and by which links."""
