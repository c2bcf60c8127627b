"""Messages: alerts to the text that a subscriber reads, in their language. Pure functions."""
