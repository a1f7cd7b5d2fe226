"""Records of engines and of families of potentials have the code that workers look for."""

from __future__ import annotations

import importlib

import pytest

from backend.engines import catalogue
from backend.engines.record import Engine
from backend.families.catalogue import families
from backend.potentials.catalogue import pretrained
from workers import engines, potentials


def test_this_machine_has_the_engines_that_its_packages_bring() -> None:
    found = engines.available()
    assert found.keys() >= {"nep-adapters", "calorine", "i-pi"}
    assert found["nep-adapters"].startswith("nep-adapters 1.")
    assert found["i-pi"].startswith("ipi 3.")
    assert found.keys() <= catalogue.engines().keys()


@pytest.mark.parametrize("record", catalogue.engines().values(), ids=lambda record: record.name)
def test_every_record_has_a_module_that_does_what_its_role_says(record: Engine) -> None:
    module = importlib.import_module(record.module or f"workers.engines.{record.name.replace('-', '_')}")
    assert callable(module.version)
    assert callable(module.calculator if record.gives_forces else module.dynamics)


def test_every_family_has_a_module_and_engines_that_load_it() -> None:
    for name, family in families().items():
        assert callable(potentials.module(name).training_range)
        for engine in family.loaders:
            assert catalogue.get(engine).gives_forces
            assert catalogue.get(engine).loads(name)
    for entry in pretrained().values():
        assert entry.engine in families()[entry.family].loaders
