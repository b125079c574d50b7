"""Reports by the calendar: when they are due, to whom they go, and what came of them."""
