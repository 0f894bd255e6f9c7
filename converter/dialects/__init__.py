"""The configs of Keras's generations, to and from the neutral model."""
