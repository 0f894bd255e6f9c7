"""Functions that Lambda layers keep as Python bytecode: read as data, never run."""
