"""Roles of columns: pairs of curves, names in other languages, lists of the points of a map, spectra headed by |q|."""

from __future__ import annotations

import numpy as np
import pytest

from backend.datasets.cleaning_map import clean_map
from backend.datasets.formats import column_names, columns, units
from backend.datasets.formats.reading import Raw, RawMap, RawSpectrum
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

Q, E = np.array([0.5, 1.0, 1.5]), np.array([1.0, 2.0, 3.0, 4.0])
S = np.add.outer(10 * Q, E)


def read(text: str) -> list[Raw]:
    return list(columns.read(text.encode()))


def spectra(text: str) -> list[RawSpectrum]:
    found = read(text)
    assert all(isinstance(one, RawSpectrum) for one in found)
    return [one for one in found if isinstance(one, RawSpectrum)]


def only_map(text: str) -> RawMap:
    (found,) = read(text)
    assert isinstance(found, RawMap)
    return found


@pytest.mark.parametrize("names", ["exp,,calc,", "exp,exp,calc,calc"])
def test_pairs_of_webplotdigitizer_have_their_own_energies(names: str) -> None:
    first, second = spectra(f"{names}\nX,Y,X,Y\n1,10,1.5,20\n2,11,2.5,21\n3,12,3.5,22\n4,13,,\n")
    assert (first.stated.title, second.stated.title) == ("exp", "calc")
    assert (first.x.tolist(), first.y.tolist()) == ([1, 2, 3, 4], [10, 11, 12, 13])
    assert (second.x.tolist(), second.y.tolist()) == ([1.5, 2.5, 3.5], [20, 21, 22])
    assert Notice("curves_with_own_energies", {"n_curves": 2}) in first.notices


@pytest.mark.parametrize(
    "names",
    [
        "A(X)\tB(Y)\tC(X)\tD(Y)",
        "Energy\tIntensity\tEnergy\tIntensity\nmeV\ta.u.\tmeV\ta.u.",
        "x1\ty1\tx2\ty2",
        "Energy (meV)\tS 20 K\tEnergy (meV)\tS 300 K",
    ],
)
def test_pairs_of_origin_and_spreadsheets(names: str) -> None:
    first, second = spectra(f"{names}\n1\t10\t1.5\t20\n2\t11\t2.5\t21\n3\t12\t3.5\t22\n4\t13\t\t\n")
    assert first.x.tolist() == [1, 2, 3, 4]
    assert second.x.tolist() == [1.5, 2.5, 3.5]


def test_pairs_with_errors_and_units_of_their_own() -> None:
    first, second = spectra("E (meV),S,err,E (cm-1),S,err\n1,10,1,8,20,2\n2,11,1,16,21,2\n3,12,1,24,22,2\n")
    assert (first.x_unit, second.x_unit) == ("meV", "cm-1")
    assert first.error is not None
    assert second.error is not None
    assert second.error.tolist() == [2, 2, 2]


def test_a_second_axis_without_intensities_is_no_pair() -> None:
    (found,) = spectra("E (meV),E (cm-1),S\n1,8,10\n2,16,11\n3,24,12\n")
    assert found.y.tolist() == [10, 11, 12]
    assert Notice("second_axis_ignored", {"column": "E (cm-1)"}) in found.notices


def test_functions_of_energy_are_no_second_axis() -> None:
    found = spectra("E (meV),S,g(w),err\n1,10,5,1\n2,11,6,1\n3,12,7,1\n")
    assert [one.x.tolist() for one in found] == [[1, 2, 3], [1, 2, 3]]
    assert [one.y.tolist() for one in found] == [[10, 11, 12], [5, 6, 7]]


def test_columns_headed_by_q_are_a_map_and_spectra() -> None:
    text = "# vanadium\nE (meV),Q = 0.5,err Q = 0.5,Q = 1.0,err Q = 1.0\n1,10,1,20,2\n2,11,1,21,2\n3,12,1,22,2\n"
    first, *rest = read(text)
    assert isinstance(first, RawMap)
    assert first.across.tolist() == [0.5, 1.0]
    assert first.y.tolist() == [[10, 11, 12], [20, 21, 22]]
    assert first.error is not None
    assert first.error.tolist() == [[1, 1, 1], [2, 2, 2]]
    assert len(rest) == 2


@pytest.mark.parametrize("name", ["Q^2 (1/A^2)", "Q2", "S(Q)", "quality", "I(Q,E)", "Q (rad)"])
def test_other_names_are_no_momentum_transfer(name: str) -> None:
    assert column_names.across(name) is None


def test_a_first_curve_that_is_shorter_than_the_second() -> None:
    first, second = spectra("a,,b,\nX,Y,X,Y\n1,10,1.5,20\n2,11,2.5,21\n3,12,3.5,22\n,,4.5,23\n,,5.5,24\n,,6.5,25\n")
    assert first.x.tolist() == [1, 2, 3]
    assert second.x.tolist() == [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]


def test_pairs_without_names_are_refused() -> None:
    with pytest.raises(Unreadable, match=r"unnamed_pairs .*'n_curves': 2"):
        read("1,10,1.5,20\n2,15,2.5,25\n3,12,3.5,22\n4,13,4.5,21\n")
    assert len(spectra("1,10,5,20\n2,15,3,25\n3,12,4,22\n4,13,4,21\n")) == 3
    # A background that falls, and a running sum far above the energies
    assert len(spectra("1,10,9,20\n2,15,8,25\n3,12,7,22\n4,13,6,21\n")) == 3
    assert len(spectra("1,10,10,20\n2,15,25,25\n3,12,37,22\n4,13,50,21\n")) == 3


@pytest.mark.parametrize(
    "name",
    [
        "Fehler",
        "Messfehler",
        "Standardabweichung",
        "Unsicherheit",
        "erreur",
        "écart-type",
        "incertitude",
        "desviación estándar",
        "errore",
        "incertezza",
        "erro",
        "desvio padrão",
        "fout",
        "błąd",
        "chyba",
        "osäkerhet",
        "usikkerhed",
        "погрешность",
        "误差",
        "誤差",
        "err",
        "Error (a.u.)",
        "I_err",
        "sigma",
    ],
)
def test_errors_in_other_languages(name: str) -> None:
    (found,) = spectra(f"Energy (meV);Intensity;{name}\n1;2;0.1\n2;3;0.2\n3;4;0.3\n")
    assert found.error is not None
    assert found.error.tolist() == [0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    "name", ["Intensity", "counts", "Felix", "model", "difference", "Fit", "Erosion", "Ferrite", "background"]
)
def test_other_names_are_no_errors(name: str) -> None:
    assert not column_names.is_error(name)


@pytest.mark.parametrize(
    ("label", "unit"),
    [
        ("Energie (meV)", "meV"),
        ("Energy transfer (micro eV)", "ueV"),
        ("Energy (milli-eV)", "meV"),
        ("Wellenzahl", "cm-1"),
        ("nombre d'onde (cm⁻¹)", "cm-1"),
        ("número de onda / cm-1", "cm-1"),
        ("Frequency(TeraHz)", "THz"),
        ("Frequenz (THz)", "THz"),
        ("энергия (meV)", "meV"),
        ("波数 (cm-1)", "cm-1"),
    ],
)
def test_axes_in_other_languages(label: str, unit: str) -> None:
    assert units.is_axis(label)
    assert units.unit_of(label).unit == unit


def _list(names: str, order: str = "QE", factor: float = 1.0) -> str:
    rows = [(factor * q, e, s, 0.1 * s) for q, line in zip(Q, S, strict=True) for e, s in zip(E, line, strict=True)]
    if order == "EQ":
        rows = [(e, q, s, error) for q, e, s, error in rows]
    return names + "\n" + "\n".join(",".join(f"{value:g}" for value in row) for row in rows) + "\n"


@pytest.mark.parametrize(
    ("names", "order", "factor"),
    [
        ("Q (1/A),E (meV),S,err", "QE", 1.0),
        ("|Q| (Å⁻¹),Energy (meV),S(Q;E),Fehler", "QE", 1.0),
        ("Energy transfer (meV),Q (Angs^-1),Intensity,error", "EQ", 1.0),
        ("q (nm^-1),energy (meV),intensity,sigma", "QE", 10.0),
    ],
)
def test_lists_of_points_are_maps(names: str, order: str, factor: float) -> None:
    found = only_map(_list(names, order, factor))
    assert (found.kind, found.x_unit) == ("q", "meV")
    np.testing.assert_allclose(found.across, Q)
    np.testing.assert_allclose(found.x, E)
    np.testing.assert_allclose(found.y, S)
    assert found.error is not None
    np.testing.assert_allclose(found.error, 0.1 * S)
    assert clean_map(found, "meV")[0].intensity.shape == S.shape


def test_points_missing_in_a_list_are_empty_bins() -> None:
    lines = _list("Q,E (meV),S,err").splitlines()
    found = only_map("\n".join([*lines[:3], *lines[4:]]) + "\n")
    assert np.isnan(found.y).sum() == 1
    assert np.isnan(found.y[0, 2])


def test_a_list_over_angles_needs_the_spectrometer() -> None:
    assert only_map(_list("2theta (deg),E (meV),S,err")).kind == "angle"


@pytest.mark.parametrize("q", [("1", "1", "1"), ("2.1", "2.4", "2.8")], ids=["at one |q|", "along a trajectory"])
def test_a_cut_is_a_spectrum(q: tuple[str, ...]) -> None:
    (found,) = spectra("Q,E (meV),S,err\n" + "".join(f"{one},{row},{row + 4},1\n" for row, one in enumerate(q, 1)))
    assert (found.x.tolist(), found.y.tolist()) == ([1, 2, 3], [5, 6, 7])
    assert found.error is not None
    assert Notice("momentum_column_ignored", {"column": "Q"}) in found.notices


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (_list("Q,E (meV),S,err") + "0.5,1,3,1\n", "list_repeats_points"),
        ("Q,E (meV),S\n" + "".join(f"{0.1 * i},{i // 2},5\n" for i in range(1, 24)), "list_without_grid"),
        (_list("").strip() + "\n", "unnamed_list"),
    ],
)
def test_lists_that_are_no_map_are_refused(text: str, code: str) -> None:
    with pytest.raises(Unreadable, match=code):
        read(text)


@pytest.mark.parametrize("heading", ["# Q = {q} A^-1", "# |Q|={q}", "# spectrum at Q: {q} 1/Å"])
def test_spectra_headed_by_q_are_a_map(heading: str) -> None:
    parts = [
        heading.format(q=q) + "\n" + "\n".join(f"{e} {s} 0.1" for e, s in zip(E, line, strict=True))
        for q, line in zip(Q, S, strict=True)
    ]
    found = only_map("# Energy (meV)  S  error\n" + "\n".join(parts) + "\n")
    np.testing.assert_allclose(found.across, Q)
    np.testing.assert_allclose(found.y, S)
    assert Notice("map_of_blocks", {"kind": "q"}) in found.notices


def test_spectra_with_other_headings_stay_spectra() -> None:
    text = "E (meV),S\n1,2\n2,3\n3,4\n# T = 20 K\n1,5\n2,6\n3,7\n"
    assert [one.y.tolist() for one in spectra(text)] == [[2, 3, 4], [5, 6, 7]]
