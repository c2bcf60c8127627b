"""Pipeline: the corridor between the rooms: poll, deliver, tidy: the order of acts."""
