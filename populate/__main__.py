"""``python -m populate`` is ``dlgn populate``."""

import sys

from populate.cli.command import main

if __name__ == "__main__":
    sys.argv.insert(1, "populate")
    main()
