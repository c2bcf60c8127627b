"""Messages: the texts for subscribers and the operator, in their language. Pure functions."""
