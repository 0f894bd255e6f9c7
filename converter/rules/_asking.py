"""How a refusal asks for what no file says and the user may know."""

from converter.model.description import Writer


def which_writer(*names: str) -> str:
    """Asks for the release, or the backend, that the file does not name."""
    options = " or ".join(f"--writer {name}" for name in names)
    return f"Say who wrote it: {options}."


def which_backend(writer: Writer) -> str:
    """Asks for the backend of a file of Keras 1."""
    release = f"keras-{writer.label or '1.0'}"
    return which_writer(f"{release}-theano", f"{release}-tensorflow")
