"""Where the weights of a model lie in a file, and in which order."""
