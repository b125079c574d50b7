"""Two-level factor and structural equation models: rows within clusters, random intercepts."""
