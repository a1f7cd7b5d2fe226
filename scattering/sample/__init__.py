"""The sample in the beam: what it is of, how thick it stands there, what it lets through, and what becomes of it."""

from scattering.sample.material import CONTAINERS, Material
from scattering.sample.specimen import Container, Sample, SampleSpec, resolve

__all__ = ["CONTAINERS", "Container", "Material", "Sample", "SampleSpec", "resolve"]
