"""A survey's data-protection report: records of processing and the skeleton of an impact assessment."""
