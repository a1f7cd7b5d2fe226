"""Names of methods, samplings and qualities, as requests write them."""

from __future__ import annotations

from typing import Literal

Method = Literal["harmonic", "md", "trpmd"]
Sampling = Literal["powder", "path"]
Quality = Literal["preview", "standard", "production"]

HarmonicModes = Literal["all", "internal"]
"""Modes that dynamics take from a harmonic reference: all, or those inside molecules."""
