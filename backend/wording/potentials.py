"""Sentences about refused actions on potentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backend.wording import Words

WORDS: Final[Mapping[str, Words]] = {
    "potential_not_tried": "The potential could not be tested: {reason}. Check the file, or try again.",
    "name_missing": "The potential has no name: enter a name.",
    "name_of_pretrained_potential": "“{name}” is the name of a pretrained potential: choose another name.",
    "name_like_id": "The name “{name}” looks like an id: choose another name.",
    "pretrained_potential_kept": "{name} comes with Beamcast and cannot be deleted.",
    "potential_in_use": "There are predictions made with “{name}”: delete those first.",
}
