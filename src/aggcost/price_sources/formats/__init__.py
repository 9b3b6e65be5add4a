"""The price tables that this program converts: a module each, found by being there."""
