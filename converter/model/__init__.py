"""What a model is, whatever Keras wrote it, and what is found in it."""
