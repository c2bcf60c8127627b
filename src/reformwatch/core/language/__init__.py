"""Core: words, their forms, and names across scripts."""
