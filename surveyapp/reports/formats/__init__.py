"""A document in the formats that people read it in: one writer a format, each for every kind of block."""
