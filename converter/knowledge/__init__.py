"""Generated facts about Keras releases, loaded when first asked for."""
