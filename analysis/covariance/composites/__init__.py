"""Composites estimated by maximum likelihood (Henseler-Ogasawara)."""
