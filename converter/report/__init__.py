"""Pages for people: self-contained HTML without a network, and the same as JSON and CSV."""

SCHEMA_VERSION = 1
"""Of the JSON reports; goes up when a key changes its meaning or goes away."""
