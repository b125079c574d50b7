"""The demonstration bank: a map, a population with known effects, and its answers."""
