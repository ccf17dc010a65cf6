"""`python -m app.cli` is `ccsi`."""

from app.cli.main import main

main()
