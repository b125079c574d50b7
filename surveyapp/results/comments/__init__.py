"""What comments are about, and what a program proposes of them."""
