"""Language: words, their forms, and names across scripts. Pure functions."""
