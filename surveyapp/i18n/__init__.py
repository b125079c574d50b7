"""What customers read that is not a question: phrases in English, translated by gettext catalogues."""
