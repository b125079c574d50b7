"""Distribution: messages to customers and staff, by mail or by a webhook that sends for us."""
