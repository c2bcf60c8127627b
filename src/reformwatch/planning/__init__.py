"""Planning: decides what a poll changes, what is worth an alert, who is notified, and when to try again.

Pure functions: no clock, no chance, no disk, no net, no log; ``now``, jitter and new ids are arguments.
"""
