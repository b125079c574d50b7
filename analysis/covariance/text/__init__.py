"""Model text in lavaan's syntax: read into models, written as R scripts."""
