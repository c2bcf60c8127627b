"""Planning: decides what a poll changes, what is worth an alert, who is notified, and when to try again.

Pure functions without clock, random numbers, disk, network and log: ``now``, jitter and new ids are arguments.
"""
