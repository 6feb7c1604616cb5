"""`python -m cli` is `cosell`."""

from cli.app import main

if __name__ == "__main__":
    main()
