"""Results to documents: charts, pages, PDF. Nothing here computes."""
