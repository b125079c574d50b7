"""Registered plans of projects: frozen with a hash, compared with what was done."""
