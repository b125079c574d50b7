"""Measurement invariance over groups and waves; alignment; differential item functioning."""
