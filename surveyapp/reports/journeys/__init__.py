"""A journey's reports: benchmark, executive page, partners, every segment."""
