"""Records of engines and of families of potentials have the code that workers look for."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT

from backend.engines import catalogue
from backend.engines.record import Engine
from backend.families.catalogue import families
from backend.potentials.catalogue import DEFAULT, pretrained
from workers import engines, potentials
from workers.engines.interface import Potential
from workers.kit.failures import CannotPredict


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


def test_every_family_has_engines_that_load_it() -> None:
    for name, family in families().items():
        module = potentials.module(name)
        assert module is None or callable(module.training_range)
        for engine in {} if family.uploads is None else family.uploads.loaders:
            assert catalogue.get(engine).gives_forces
            assert catalogue.get(engine).loads(name)
    for entry in pretrained().values():
        assert catalogue.get(entry.engine).gives_forces
        assert catalogue.get(entry.engine).loads(entry.family)
        assert entry.name == DEFAULT or catalogue.get(entry.engine).families == (entry.family,)


def test_a_potential_that_was_loaded_ahead_is_given_once_to_who_wants_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loaded: list[Potential] = []

    def load(engine: str, potential: Potential) -> Calculator:
        loaded.append(potential)
        return EMT()

    monkeypatch.setattr(engines, "_load", load)
    wanted = Potential(tmp_path / "nep.txt", family="nep")
    engines.preload("nep-adapters", wanted)
    with_dispersion = Potential(wanted.file, dispersion="pbe", family="nep")
    engines.calculator("nep-adapters", with_dispersion)
    first = engines.calculator("nep-adapters", wanted)
    assert sorted(loaded, key=lambda one: one.dispersion or "") == [wanted, with_dispersion]
    assert engines.calculator("nep-adapters", wanted) is not first
    assert len(loaded) == 3


def test_what_cannot_be_loaded_ahead_is_refused_when_it_is_wanted(tmp_path: Path) -> None:
    lost = Potential(tmp_path / "lost.txt", family="nep")
    engines.preload("nep-adapters", lost)
    with pytest.raises(CannotPredict):
        engines.calculator("nep-adapters", lost)
