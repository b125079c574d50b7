"""The sections of a scale validation: one file each, found by ``analysis.scale.registry``."""
