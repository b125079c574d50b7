"""Exploratory blocks, rotation and exploratory structural equation models."""
