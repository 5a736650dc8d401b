"""``python -m corridors``."""

from .cli import main

main()
