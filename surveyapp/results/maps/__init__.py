"""A journey's map with its scores: lanes, emotion line, heat map, versions."""
