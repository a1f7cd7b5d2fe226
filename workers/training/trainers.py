"""Programs that fit potentials: whether this machine has one. They are an extra: `pip install beamcast[train]`."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from backend.trainings.trainers import TRAINERS


def available() -> dict[str, str]:
    """Return the trainers of this machine and their versions, without loading one. A worker announces them."""
    found = {}
    for trainer in TRAINERS.values():
        try:
            found[trainer.name] = f"{trainer.name} {version(trainer.package)}"
            for package in trainer.needs:
                version(package)
        except PackageNotFoundError:
            found.pop(trainer.name, None)
    return found


def trainer_versions() -> dict[str, str]:
    """Return the versions of the packages of all installed trainers."""
    packages = {name for trainer in TRAINERS.values() for name in (trainer.package, *trainer.needs)}
    found = {}
    for name in sorted(packages):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
