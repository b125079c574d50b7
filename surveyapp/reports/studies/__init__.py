"""The service journey study as a report."""
