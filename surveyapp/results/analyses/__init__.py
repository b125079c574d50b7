"""Stored analyses of scales: asked for, computed in the worker, read again."""
