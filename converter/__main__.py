"""``python -m converter …``: the same as the installed ``kfix``."""

from converter.cli import main

if __name__ == "__main__":
    main()
