"""`python -m salutogen` is the command `salutogen`."""

from salutogen.cli import main

if __name__ == "__main__":
    main()
