"""Whether the server on this machine is up with its database and broker: status 0. For Docker; standard library only.

That no worker is there does not make the server ill.
"""

import json
import os
import sys
import urllib.error
import urllib.request

TIMEOUT_S = 5


def ailing() -> set[str]:
    """Parts of the server that do not work; "server" when it does not answer."""
    address = f"http://127.0.0.1:{os.environ.get('BEAMCAST_PORT', '8000')}/api/v1/health"
    # Never through a proxy
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=TIMEOUT_S):
            return set()
    except urllib.error.HTTPError as error:
        with error:
            return {problem["loc"] for problem in json.load(error).get("errors", [])} - {"workers"}
    except (OSError, ValueError):
        return {"server"}


if __name__ == "__main__":
    parts = ailing()
    if parts:
        print(f"does not work: {', '.join(sorted(parts))}", file=sys.stderr)
    sys.exit(bool(parts))
