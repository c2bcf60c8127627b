"""Core: decides. Pure functions: no clock, no chance, no disk, no net, no log."""
