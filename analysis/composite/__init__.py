"""Composite models: PLS-SEM, its resampling and evaluation, and the SJQ study."""
