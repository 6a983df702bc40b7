"""`python -m console` is `binwatt`."""

from console.cli import main

main()
