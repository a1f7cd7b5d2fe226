"""Print the record of an entry point as JSON: `python -m backend.families.plugin_record NAME`.

The module of a package may exit, crash or print when it is imported. Here that ends only this process.
"""

from __future__ import annotations

import json
import os
import sys

from backend.families.plugins import load_module


def main() -> None:
    """Write the record to the standard output, and all that the module prints to the standard error."""
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    record = load_module(sys.argv[1]).RECORD
    with answer:
        json.dump(record, answer)


if __name__ == "__main__":
    main()
