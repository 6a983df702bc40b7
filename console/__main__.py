"""`python -m console` is `binwatt`."""

from console.cli import main

if __name__ == "__main__":  # a worker process imports this module anew
    main()
