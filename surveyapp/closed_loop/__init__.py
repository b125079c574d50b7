"""The closed loop: cases for low scores, follow-ups, alerts."""
