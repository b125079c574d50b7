"""Jobs: the kinds there are, and running one to its end."""
