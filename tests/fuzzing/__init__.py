"""Hostile inputs to every route and operation there is: made, sent, and what they left looked at."""
