"""Developing a scale: from the construct by way of judges, interviews and a pilot to the instrument."""
