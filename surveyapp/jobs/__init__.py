"""Jobs as a worker sees them: run, kept alive, found again."""
