"""Charts and diagrams as SVG, the same for pages and paper."""
