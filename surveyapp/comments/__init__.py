"""Open answers: masked before they are stored, found, coded, and counted by theme."""
