"""Run the command line with ``python -m gtmsim``."""

from gtmsim.cli import main

if __name__ == "__main__":
    main()
