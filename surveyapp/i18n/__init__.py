"""Internationalisation: phrases that customers read beside the questions, and their gettext catalogues."""
