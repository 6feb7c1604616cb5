"""Play one input of one parser again.

python -m tests.fuzz signal --base64 e30=
python -m tests.fuzz signal --file crash-1234
"""

from __future__ import annotations

import argparse
import base64
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.parsers import PARSERS


def main(arguments: Sequence[str]) -> int:
    """0 when the input is understood or refused as it may be; what escapes is raised."""
    parser = argparse.ArgumentParser("python -m tests.fuzz", description=__doc__)
    parser.add_argument("parser", choices=list(PARSERS))
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--base64", type=base64.b64decode)
    given.add_argument("--file", type=Path)
    asked = parser.parse_args(arguments)
    PARSERS[asked.parser].tried(asked.file.read_bytes() if asked.file else asked.base64)
    sys.stdout.write("nothing escaped\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
