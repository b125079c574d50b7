"""Whether scores mean the same between journeys, segments and times, and may be compared."""
