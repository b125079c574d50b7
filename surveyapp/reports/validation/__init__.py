"""The scale validation report: a module a section, named as in ``analysis.scale.sections``."""
