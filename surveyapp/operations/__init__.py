"""Whether the installation works: signs of life, queues, disk; for pages, probes and metrics."""
