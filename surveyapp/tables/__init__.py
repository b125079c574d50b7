"""Tables in files: one reader for every door through which a file comes in."""
