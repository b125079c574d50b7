"""What models do in samples from a known population: power, cut-offs, many fits at once."""
