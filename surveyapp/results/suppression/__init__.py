"""What may be shown: no figure from which, with others, that of too few people follows."""
