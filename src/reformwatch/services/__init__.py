"""Services: what a person or a program asks for, one function a use case; the porch calls these and nothing below."""
