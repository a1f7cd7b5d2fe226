"""Notices: codes with parameters."""

from __future__ import annotations

import json

import numpy as np

from scattering.core.notices import Notice


def test_parameters_are_plain_whatever_they_were() -> None:
    notice = Notice("any", {"n": np.int64(3), "at_mev": (np.float32(0.5), 1.0), "by": {"a": [np.bool_(True)]}})
    assert json.loads(json.dumps(notice.to_json())) == {
        "code": "any",
        "params": {"n": 3, "at_mev": [0.5, 1.0], "by": {"a": [True]}},
    }
