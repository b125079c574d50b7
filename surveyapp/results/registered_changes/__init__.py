"""What the scores did where something was changed."""
