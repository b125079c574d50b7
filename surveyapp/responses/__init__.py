"""What was answered: submissions, imports, scores, rollups."""
