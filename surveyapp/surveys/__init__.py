"""Surveys: what is asked at a touchpoint or a journey's end, how it looks, and by which links."""
