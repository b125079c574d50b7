"""Scales: item analysis, reliability, validity, and the whole validation in one call."""
