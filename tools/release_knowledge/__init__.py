"""What each release of Keras takes, read from its published source without running it."""
