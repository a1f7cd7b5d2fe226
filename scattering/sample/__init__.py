"""The sample in the beam: material, shape, shielding, multiple scattering, and activation."""

from scattering.sample.material import CONTAINERS, Material
from scattering.sample.specimen import Container, Sample, SampleSpec, resolve

__all__ = ["CONTAINERS", "Container", "Material", "Sample", "SampleSpec", "resolve"]
