"""What became of customers by what they had answered."""
