"""Log formats, a module each: its name, how it is known, and where it keeps each field (`layout.Layout`)."""
