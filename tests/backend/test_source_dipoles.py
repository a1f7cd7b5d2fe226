"""Born charges and dielectric tensors of other crystals, of other atoms, and of calculations that are not converged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from phonopy.structure.atoms import PhonopyAtoms
from phonopy.structure.symmetry import symmetrize_borns_and_epsilon

from backend.sources.dipole_checks import fit_dipoles
from backend.sources.formats.reading import Refused
from scattering.core.dipole_response import DipoleResponse
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.simulate.dipole_symmetry import neutral_dipoles, symmetric_dipoles

from .conftest import Client
from .source_files import NACL

SYMBOLS = ("Ti", "Ti", "O", "O", "O", "O")
CHARGE, DIELECTRIC = 1.08, 2.43


def rutile(charges: NDArray[np.float64], dielectric: NDArray[np.float64]) -> HarmonicCrystal:
    """Rutile with Born charges; its force constants are not used."""
    a, c, u = 4.594, 2.959, 0.305
    places = [[0, 0, 0], [0.5, 0.5, 0.5], [u, u, 0], [-u, -u, 0], [0.5 - u, 0.5 + u, 0.5], [0.5 + u, 0.5 - u, 0.5]]
    cell = np.diag([a, a, c])
    return HarmonicCrystal(
        cell=cell,
        uploaded_cell=cell,
        positions=np.array(places) @ cell,
        masses=np.array([47.867, 47.867, *[15.999] * 4]),
        species=SYMBOLS,
        sites=SYMBOLS,
        supercell_matrix=np.eye(3, dtype=np.int64),
        cell_origins=np.zeros((1, 3), dtype=np.int64),
        force_constants=np.zeros((1, 18, 18)),
        dipoles=DipoleResponse(charges, dielectric),
    )


def converged() -> HarmonicCrystal:
    """Rutile with charges about as large as those of TiO2, of its symmetry."""
    charges = np.array([np.diag([6.4, 6.4, 7.6])] * 2 + [np.diag([-3.2, -3.2, -3.8])] * 4)
    charges[:2, 0, 1] = charges[:2, 1, 0] = [0.9, -0.9]
    # Bonds of O to Ti are along (1 1 0) or (1 −1 0)
    charges[2:, 0, 1] = charges[2:, 1, 0] = [-1.8, -1.8, 1.8, 1.8]
    return rutile(charges, np.diag([7.2, 7.2, 8.6]))


def noisy(size: float) -> HarmonicCrystal:
    rng, exact = np.random.default_rng(3), converged().dipoles
    assert exact is not None
    dielectric = exact.dielectric + size * rng.normal(size=(3, 3))
    charges = exact.born_charges + size * rng.normal(size=(6, 3, 3))
    return rutile(charges, (dielectric + dielectric.T) / 2)


def test_averages_over_the_symmetry_are_those_of_phonopy() -> None:
    crystal = noisy(0.03)
    assert crystal.dipoles is not None
    atoms = PhonopyAtoms(symbols=SYMBOLS, cell=crystal.cell, positions=crystal.positions)
    charges, dielectric = symmetrize_borns_and_epsilon(
        crystal.dipoles.born_charges, crystal.dipoles.dielectric, atoms, symprec=1e-3
    )
    found = neutral_dipoles(symmetric_dipoles(crystal))
    np.testing.assert_allclose(found.born_charges, charges, atol=1e-12)
    np.testing.assert_allclose(found.dielectric, dielectric, atol=1e-12)


def test_converged_charges_stay_as_they_are() -> None:
    crystal = converged()
    for given in (crystal, replace(crystal, dipoles=None), noisy(1e-3)):
        fitted, notices = fit_dipoles(given)
        assert fitted.dipoles is given.dipoles
        assert notices == []


def test_small_errors_are_removed_with_a_notice() -> None:
    crystal = noisy(0.1)
    assert crystal.dipoles is not None
    fitted, notices = fit_dipoles(crystal)
    assert fitted.dipoles is not None
    assert [one.code for one in notices] == ["dipoles_not_symmetric", "born_charge_sum"]
    assert 1 < notices[0].params["percent"] < 10
    assert notices[1].params["charge_e"] == pytest.approx(np.abs(crystal.dipoles.charge_sum).max(), abs=1e-3)
    np.testing.assert_allclose(fitted.dipoles.charge_sum, 0, atol=1e-12)
    again, none = fit_dipoles(fitted)
    assert none == []
    assert again.dipoles is fitted.dipoles


@pytest.mark.parametrize(
    ("order", "quantity"),
    [
        # Two O atoms with bonds in other directions; Ti for O; from the second half of the file on
        ([0, 1, 4, 3, 2, 5], "born_symmetry"),
        ([2, 1, 0, 3, 4, 5], "born_symmetry"),
        ([3, 4, 5, 0, 1, 2], "born_symmetry"),
    ],
)
def test_charges_of_atoms_in_another_order_are_refused(order: list[int], quantity: str) -> None:
    crystal = converged()
    assert crystal.dipoles is not None
    permuted = replace(crystal.dipoles, born_charges=crystal.dipoles.born_charges[order])
    with pytest.raises(Refused) as caught:
        fit_dipoles(replace(crystal, dipoles=permuted))
    assert (caught.value.notice.code, caught.value.notice.params["quantity"]) == ("dipoles_do_not_fit", quantity)


def test_small_charges_of_a_molecular_crystal_are_not_refused() -> None:
    crystal = converged()
    assert crystal.dipoles is not None
    charges = 0.1 * np.random.default_rng(0).normal(size=(6, 3, 3))
    small = replace(crystal.dipoles, born_charges=charges)
    fitted, notices = fit_dipoles(replace(crystal, dipoles=small))
    assert "dipoles_not_symmetric" in [one.code for one in notices]
    assert fitted.dipoles is not None


def born(dielectric: list[float], *charges: list[float]) -> bytes:
    rows = [" ".join(map(str, np.diag(one).ravel())) for one in (dielectric, *charges)]
    return "\n".join(["14.399652", *rows, ""]).encode()


def upload(client: Client, content: bytes, route: str = "/sources") -> Any:
    files = [("files", ("phonopy.yaml", NACL.read_bytes())), ("files", ("BORN", content))]
    return client.post(route, files=files)


@pytest.mark.parametrize(
    ("content", "quantity"),
    [
        # Of one sign; of a layered crystal; its dielectric tensor
        (born([DIELECTRIC] * 3, [CHARGE] * 3, [CHARGE] * 3), "born_sum"),
        (born([DIELECTRIC] * 3, [2.4, 2.4, 0.6], [-2.4, -2.4, -0.6]), "born_symmetry"),
        (born([6.0, 6.0, 2.5], [CHARGE] * 3, [-CHARGE] * 3), "dielectric_symmetry"),
    ],
)
def test_born_of_another_crystal_is_refused(client: Client, content: bytes, quantity: str) -> None:
    for route in ("/sources/preview", "/sources"):
        response = upload(client, content, route)
        problem = response.json()
        assert (response.status_code, problem["code"]) == (422, "dipoles_do_not_fit"), problem
        assert problem["errors"][0]["loc"] == "files"
        assert problem["params"]["quantity"] == quantity
    assert client.get("/sources").json()["total"] == 0


def test_born_that_is_not_quite_converged_is_told(client: Client) -> None:
    response = upload(client, born([DIELECTRIC] * 3, [CHARGE, CHARGE, 1.13], [-CHARGE] * 3))
    assert response.status_code == 201, response.text
    found = response.json()
    assert [one["code"] for one in found["findings"]] == ["dipoles_not_symmetric", "born_charge_sum"]
    assert len(set(found["phonons"]["gamma_lo_mev"].values())) == 1


def test_entered_charges_that_do_not_add_up_are_refused(client: Client) -> None:
    body = {"born_charges": '{"Na": 1.1, "Cl": -0.3}', "dielectric": "2.4"}
    response = client.post("/sources", files=[("files", ("phonopy.yaml", NACL.read_bytes()))], data=body)
    assert response.status_code == 422, response.text
    assert response.json()["code"] == "dipoles_do_not_fit"
    assert response.json()["errors"][0]["loc"] == "born_charges"
