"""Documents of projects: models, further analyses, registered plans."""
