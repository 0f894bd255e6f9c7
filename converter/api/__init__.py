"""The verbs: one function for each command, returning frozen dataclasses and never printing."""
