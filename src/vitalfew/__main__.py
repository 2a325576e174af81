"""`python -m vitalfew`: the same as the command `vitalfew`."""

from vitalfew.cli import main

if __name__ == "__main__":
    main()
