"""Databases that hold logs, a module each (`sources.Database`): what it accepts, and how its rows are fetched."""
