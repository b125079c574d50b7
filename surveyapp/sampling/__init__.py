"""Sampling: events from outside, and which customers are invited because of them."""
