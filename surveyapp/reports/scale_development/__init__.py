"""The evidence behind a scale, step by step."""
