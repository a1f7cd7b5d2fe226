"""Run a forecast again: upload the inputs in this folder to a Beamcast, request the predictions, download the results.

    python rerun.py http://127.0.0.1:8000 [--no-wait]

This needs Python 3.9 and no packages. Each step is one HTTP request, which can also be sent by hand.
"""

from __future__ import annotations

import base64
import http.client
import json
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
FINAL_STATES = ("succeeded", "ready", "failed", "cancelled")
MAX_PAUSE_S = 10.0
RESUMABLE_FROM = 32 * 1024**2
"""Size in bytes from which a file is sent in parts."""
PART_BYTES = 8 * 1024**2
REPEATED = ("uploads",)
"""Fields of forms with several values."""
TUS = {"Tus-Resumable": "1.0.0"}
TEMPORARY = (408, 409, 423, 502, 503, 504)
"""Refusals of a part after which the upload continues from the offset that the server states."""


def exchange(
    address: str, path: str, content: bytes | None, headers: dict[str, str], method: str
) -> tuple[Mapping[str, str], bytes]:
    """Send a request, and return the headers and the body of the answer."""
    place = f"{address.rstrip('/')}/api/v1{path}"
    request = urllib.request.Request(place, data=content, headers=headers, method=method)
    with urllib.request.urlopen(request) as response:
        return response.headers, bytes(response.read())


def ask(
    address: str, path: str, content: bytes | None, headers: dict[str, str], method: str
) -> tuple[Mapping[str, str], bytes]:
    """Send a request like `exchange`; end this program if it is refused."""
    try:
        return exchange(address, path, content, headers, method)
    except urllib.error.HTTPError as error:
        sys.exit(f"{path}: {error.code} {error.read().decode(errors='replace')}")


def send(address: str, path: str, content: bytes | None = None, kind: str = "application/json") -> bytes:
    """Send a GET, or a POST of this content, and return the answer."""
    headers = {} if content is None else {"Content-Type": kind}
    return ask(address, path, content, headers, "GET" if content is None else "POST")[1]


def post(address: str, path: str, body: Any) -> Any:
    """Send a POST of JSON and return the answer."""
    return json.loads(send(address, path, json.dumps(body).encode()))


def upload(address: str, path: str, file: Path, file_name: str, fields: dict[str, Any]) -> Any:
    """Send a POST of a file with form fields and return the answer."""
    return upload_files(address, path, "file", [(file, file_name)], fields)


def upload_files(address: str, path: str, field: str, files: list[tuple[Path, str]], fields: dict[str, Any]) -> Any:
    """Send a POST of files in one field, with other form fields (multipart/form-data, RFC 7578)."""
    boundary = uuid.uuid4().hex
    parts = []
    for name, values in fields.items():
        for value in values if name in REPEATED else [values]:
            text = value if isinstance(value, str) else json.dumps(value)
            disposition = f'Content-Disposition: form-data; name="{name}"'
            parts.append(f"--{boundary}\r\n{disposition}\r\n\r\n{text}\r\n".encode())
    for file, file_name in files:
        plain = "".join("_" if char in '"\\\r\n' else char for char in file_name)
        disposition = f'Content-Disposition: form-data; name="{field}"; filename="{plain}"'
        parts.append(f"--{boundary}\r\n{disposition}\r\nContent-Type: application/octet-stream\r\n\r\n".encode())
        parts += [file.read_bytes(), b"\r\n"]
    parts.append(f"--{boundary}--\r\n".encode())
    return json.loads(send(address, path, b"".join(parts), f"multipart/form-data; boundary={boundary}"))


def upload_resumably(address: str, file: Path, file_name: str) -> str:
    """Send a large file in parts (tus 1.0), which continue after a lost connection; return the id of the upload."""
    n_bytes = file.stat().st_size
    named = {"Upload-Metadata": f"filename {base64.b64encode(file_name.encode()).decode()}"}
    begun, _ = ask(address, "/uploads", b"", {**TUS, **named, "Upload-Length": str(n_bytes)}, "POST")
    upload = begun["Location"].rpartition("/")[2]
    offset, pause = 0, 0.25
    with file.open("rb") as parts:
        while offset < n_bytes:
            parts.seek(offset)
            stated = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            try:
                answer, _ = exchange(address, f"/uploads/{upload}", parts.read(PART_BYTES), stated, "PATCH")
                offset, pause = int(answer["Upload-Offset"]), 0.25
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, urllib.error.HTTPError) and error.code not in TEMPORARY:
                    sys.exit(f"{file_name}: {error.code} {error.read().decode(errors='replace')}")
                print(f"{file_name}: interrupted at {offset} of {n_bytes} bytes ({error})", flush=True)
                time.sleep(pause)
                pause = min(2 * pause, MAX_PAUSE_S)
                offset = arrived(address, upload, offset)
    return upload


def arrived(address: str, upload: str, before: int) -> int:
    """Return the number of bytes of an upload that have arrived; that of before if the server does not answer."""
    try:
        return int(exchange(address, f"/uploads/{upload}", None, TUS, "HEAD")[0]["Upload-Offset"])
    except urllib.error.HTTPError as error:
        sys.exit(f"The upload {upload} is lost: {error.code}")
    except (OSError, http.client.HTTPException):
        return before


def add_source(address: str, one: dict[str, Any]) -> str:
    """Upload the files of phonons or of a trajectory, wait until they are read, and return the id of the source."""
    files = [(FOLDER / file["file"], file["filename"]) for file in one["files"]]
    large = [(file, name) for file, name in files if file.stat().st_size > RESUMABLE_FROM]
    small = [pair for pair in files if pair not in large]
    fields = {**one["form"], "uploads": [upload_resumably(address, file, name) for file, name in large]}
    source: str = upload_files(address, "/sources", "files", small, fields)["id"]
    wait(address, f"/sources/{source}")
    return source


def replace_ids(value: Any, ids: dict[str, str]) -> Any:
    """Return a value with the ids of this server in place of the old ones."""
    if isinstance(value, dict):
        return {name: replace_ids(item, ids) for name, item in value.items()}
    if isinstance(value, list):
        return [replace_ids(item, ids) for item in value]
    return ids.get(value, value) if isinstance(value, str) else value


def request_predictions(address: str, requests: dict[str, Any]) -> dict[str, str]:
    """Upload all inputs, request all predictions, and return old id → id on this server."""
    ids: dict[str, str] = {}
    for one in requests["structures"]:
        fields = {"name": one["name"], "format": one["format"]}
        ids[one["id"]] = upload(address, "/structures", FOLDER / one["file"], one["filename"], fields)["id"]
    for one in requests["potentials"]:
        if one["file"] is None:
            ids[one["id"]] = one["name"]  # pretrained: every Beamcast has it under this name
            continue
        fields = {"name": one["name"], "licence": one["licence"], "citation": one["citation"]}
        ids[one["id"]] = upload(address, "/potentials", FOLDER / one["file"], one["file"], fields)["id"]
    for one in requests["datasets"]:
        fields = {name: value for name, value in one["form"].items() if name != "structure_id"}
        if (structure := ids.get(one["form"].get("structure_id", ""))) is not None:
            fields["structure_id"] = structure
        ids[one["id"]] = upload(address, "/datasets", FOLDER / one["file"], one["filename"], fields)["id"]
    for one in requests.get("sources", []):
        ids[one["id"]] = add_source(address, one)
    # The force constants of a harmonic reference are needed for the dynamics
    asked = [*requests.get("references", []), *requests["predictions"]]
    for one in sorted(asked, key=lambda one: "harmonic_reference_id" in one["body"]):
        reference = ids.get(one["body"].get("harmonic_reference_id", ""))
        if reference is not None:
            wait(address, f"/predictions/{reference}")
        ids[one["id"]] = post(address, "/predictions", replace_ids(one["body"], ids))["id"]
    return ids


def wait(address: str, path: str) -> None:
    """Wait until a prediction has ended, or a source is read, and print the progress."""
    pause = 0.25
    while True:
        state = json.loads(send(address, path))
        print(f"{path}: {state['status']} {state['stage'] or ''} {100 * state['progress']:.0f} %", flush=True)
        if state["status"] in FINAL_STATES:
            break
        time.sleep(pause)
        pause = min(2 * pause, MAX_PAUSE_S)
    if state["status"] not in ("succeeded", "ready"):
        sys.exit(f"{path} has not succeeded ({state['status']}): {state['error']}")


def main(arguments: list[str]) -> None:
    """Request the predictions, wait for them, and download the results."""
    addresses = [argument for argument in arguments if not argument.startswith("-")]
    if len(addresses) != 1:
        sys.exit(__doc__)
    address, requests = addresses[0], json.loads((FOLDER / "requests.json").read_text("utf-8"))
    ids = request_predictions(address, requests)
    new = [ids[one["id"]] for one in requests["predictions"]]
    print(f"Requested: {', '.join(new)}", flush=True)
    if "--no-wait" in arguments:
        return
    for number, prediction in enumerate(new, start=1):
        wait(address, f"/predictions/{prediction}")
        (FOLDER / f"rerun-{number}-partials.h5").write_bytes(send(address, f"/predictions/{prediction}/partials"))
    body = json.dumps(replace_ids(requests["report"], ids)).encode()
    (FOLDER / "rerun-report.pdf").write_bytes(send(address, "/reports", body))
    print("Partials and report are in the folder of this script.")


if __name__ == "__main__":
    main(sys.argv[1:])
