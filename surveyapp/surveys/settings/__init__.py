"""A survey's settings: one frozen class for each of its documents."""
