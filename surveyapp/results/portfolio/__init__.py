"""Every journey that somebody may see, in a handful of queries."""
