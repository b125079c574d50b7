"""Who was asked, by which channel, and how many answered."""
