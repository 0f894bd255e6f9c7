"""One incompatibility between Keras's generations a module."""
