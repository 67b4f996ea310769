#!/usr/bin/env python
"""Run a command of QAReview; the private database is started for it where none is given."""

import os
import sys

# Commands that need no database: they must work before anything is set up.
WITHOUT_SERVICES = {
    "help",
    "--help",
    "--version",
    "version",
    "check",
    "collectstatic",
    "prepare_models",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")
    from django.core.management import execute_from_command_line

    from qareview.machine import embedded

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command not in WITHOUT_SERVICES and "--help" not in sys.argv:
        try:
            embedded.ensure()
        except embedded.ServicesFailed as error:
            sys.exit(str(error))
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell reports Ctrl-C


if __name__ == "__main__":
    main()
