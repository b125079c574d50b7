"""What every column of an export means, and what its answers look like."""
