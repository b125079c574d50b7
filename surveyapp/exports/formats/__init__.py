"""One file format a module: each writes a table of responses, whole or not at all."""
