"""Modules to fill in: what a file needs of its owner's code, and the source that holds it."""
