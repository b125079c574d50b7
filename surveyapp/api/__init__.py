"""The API: a door for other programs."""
