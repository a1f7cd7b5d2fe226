"""Accept what has changed: `python -m tests.golden.accept 'plans/*' --why "the grid of …"`, or `--words`."""

from __future__ import annotations

import argparse
import datetime
import fnmatch
import tempfile
from pathlib import Path

from tests.golden import store
from tests.golden.answers import differences
from tests.golden.opening import opened, unpack
from tests.golden.queries import all_requests

CHANGES = Path(__file__).parent / "CHANGES.md"
MOST_SHOWN = 12


def main() -> None:
    """Ask anew, keep the answers, and write down why."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("keys", nargs="*", help="keys of requests, or patterns of them")
    parser.add_argument("--why", help="why the numbers are other ones now: goes into CHANGES.md")
    parser.add_argument("--words", action="store_true", help="accept the words of all requests; numbers stay")
    chosen = parser.parse_args()
    requests = all_requests()
    keys = [key for key in requests if any(fnmatch.fnmatch(key, pattern) for pattern in chosen.keys)]
    if not chosen.words and not (keys and chosen.why):
        parser.error("name keys that there are, and say --why; or accept --words")
    with tempfile.TemporaryDirectory() as folder, opened(unpack(Path(folder))) as server:
        if chosen.words:
            store.save_words(store.ask_words(server, requests))
        for key in keys:
            answer = store.ask(server, requests[key])
            new = not store.path_of(key).exists()
            found = ["new"] if new else differences(store.load(key), answer, rtol=requests[key].rtol)
            if found:
                store.save(key, answer)
                _write_down(key, found, chosen.why)


def _write_down(key: str, found: list[str], why: str) -> None:
    print(key, *found, sep="\n  ")
    lines = [f"- {line}" for line in found[:MOST_SHOWN]]
    if len(found) > MOST_SHOWN:
        lines.append(f"- and {len(found) - MOST_SHOWN} more")
    today = datetime.datetime.now(datetime.UTC).date()
    with CHANGES.open("a") as file:
        file.write("\n".join([f"\n## {key}, {today}", "", why, "", *lines, ""]))


if __name__ == "__main__":
    main()
