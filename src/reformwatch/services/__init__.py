"""Services: the use cases, one function each; the porch calls these and nothing below them."""
