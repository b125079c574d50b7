"""How scores go together with an outcome."""
