"""The map: journeys, stages, touchpoints, segments."""
