"""Files of DAVE, of the ILL (INX), of McStas and of the SNS's histograms, and blocks of SaveAscii with their |q|."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from backend.datasets.cleaning_map import clean_map
from backend.datasets.formats import FORMATS, format_of
from backend.datasets.formats.reading import Raw, RawMap, RawSpectrum
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

from . import datasets_texts as texts

Q, E = np.array([0.5, 1.0, 1.5]), np.array([-1.0, 0.0, 1.0, 2.0])
S = np.add.outer(10 * Q, E)
ERROR = 0.1 * S


def read(data: bytes, file_name: str, name: str) -> list[Raw]:
    fmt = format_of(file_name, data)
    assert fmt.name == name
    return list(fmt.read(data))


def spectra(data: bytes, file_name: str, name: str) -> list[RawSpectrum]:
    found = [one for one in read(data, file_name, name) if isinstance(one, RawSpectrum)]
    assert found
    return found


def only_map(data: bytes, file_name: str, name: str) -> RawMap:
    (found,) = read(data, file_name, name)
    assert isinstance(found, RawMap)
    return found


def same_map(found: RawMap, across: NDArray[np.float64] = Q) -> None:
    np.testing.assert_allclose(found.across, across)
    np.testing.assert_allclose(found.x, E)
    np.testing.assert_allclose(found.y, S)
    assert found.error is not None
    np.testing.assert_allclose(found.error, ERROR)


def dave(**how: Any) -> bytes:
    return texts.dave(E, list(zip(S, ERROR, strict=True)), **{"groups": Q.tolist(), **how})


def test_dave_groups_at_q_are_a_map() -> None:
    found = only_map(dave(), "a.grp", "dave-grp")
    same_map(found)
    assert (found.kind, found.x_unit) == ("q", "meV")
    assert only_map(dave(x_label="Energy transfer (micro eV)"), "a.dat", "dave-grp").x_unit == "ueV"
    assert only_map(dave(x_label="Energy transfer"), "a.txt", "dave-grp").x_unit is None
    assert only_map(dave(label="Scattering angle (degrees)"), "a.txt", "dave-grp").kind == "angle"


@pytest.mark.parametrize("energy", ["energy transfer (uev)", "energy transfer (micro-eV)"])
def test_dave_files_of_the_sns_have_their_own_words(energy: str) -> None:
    text = dave(x_label=energy, label="Q transfer (1/Angstroms)").replace(b" values", b" Values:")
    found = only_map(text, "a.dat", "dave-grp")
    assert (found.kind, found.x_unit) == ("q", "ueV")


def test_dave_groups_of_other_kinds_are_spectra() -> None:
    found = spectra(dave(label="Group", groups=(1, 2, 3)), "a.grp", "dave-grp")
    assert [one.stated.title for one in found] == ["Group 1", "Group 2", "Group 3"]
    assert found[1].y.tolist() == S[1].tolist()
    assert found[1].error is not None
    assert Notice("dave_groups_unknown", {"label": "Group"}) in found[0].notices


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda text: text[: len(text) // 2], "dave_ends_early|wrong_number_of_columns"),
        (lambda text: text + b"1 2\n", "dave_line_left_over"),
        (lambda text: text.replace(b"# Group 1\n", b""), "dave_comment_missing"),
        (lambda text: text.replace(b"Energy transfer (meV)", b"Time of flight"), "axis_not_energy"),
        (lambda text: text.replace(b"\n4\n", b"\n4000000000\n"), "dave_length_wrong"),
        (lambda text: text.replace(b"\n2\n#", b"\ntwo\n#"), "unreadable_cell"),
    ],
)
def test_damaged_dave_files_are_refused(damage: object, code: str) -> None:
    with pytest.raises(Unreadable, match=code):
        FORMATS["dave-grp"].read(damage(dave()))  # type: ignore[operator]


def inx(angles: Sequence[float], *, energies: NDArray[np.float64] = E, **how: Any) -> bytes:
    pairs = list(zip(S, ERROR, strict=True))[: len(angles)]
    return texts.inx(energies, pairs, angles=angles, **how)


@pytest.mark.parametrize("counted", [True, False])
def test_inx_of_one_angle_is_a_spectrum(counted: bool) -> None:
    (found,) = spectra(inx([30.0], counted=counted), "a.inx", "inx")
    assert found.x.tolist() == E.tolist()
    assert found.y.tolist() == S[0].tolist()
    assert found.error is not None
    assert (found.x_unit, found.stated.title, found.stated.fixed_energy_mev) == ("meV", "water 280 K", 3.27)
    assert found.stated.run.temperature_k == 280
    assert found.notices == ()


def test_inx_of_several_angles_is_a_map_of_a_direct_spectrometer() -> None:
    found = only_map(inx([30.0, 60.0, 90.0]), "a.dat", "inx")
    same_map(found, np.array([30.0, 60.0, 90.0]))
    assert (found.kind, found.geometry, found.stated.fixed_energy_mev) == ("angle", "direct", 3.27)
    assert clean_map(found, "meV", fixed_energy_mev=3.27)[0].q[-1] < 3


def test_inx_at_constant_q_is_a_map() -> None:
    found = only_map(inx([0, 0, 0], q=Q.tolist()), "a.inx", "inx")
    assert found.kind == "q"
    same_map(found)


def test_inx_with_q_in_the_place_of_angles_stays_spectra() -> None:
    assert len(spectra(inx(Q.tolist()), "a.inx", "inx")) == 3


@pytest.mark.parametrize(
    ("energies", "code", "unit"),
    [
        (np.array([-15.0, -5.0, 5.0, 15.0]), "inx_unit_doubtful", None),
        (np.array([-1.0, 5, 10, 15]), "inx_axis_doubtful", None),
    ],
)
def test_inx_that_contradicts_its_own_e0_is_not_made_a_map(
    energies: NDArray[np.float64], code: str, unit: str | None
) -> None:
    found = spectra(inx([30.0, 60.0, 90.0], energies=energies), "a.inx", "inx")
    assert [one.notices[0].code for one in found] == [code] * 3
    assert found[0].x_unit == unit


def test_inx_fields_without_blanks_and_with_characters_of_the_instrument() -> None:
    rows = ["  12  " + f"{e:9.5f}{-y:13.5E}{error:12.4E}" for e, y, error in zip(E, S[0], ERROR[0], strict=True)]
    text = inx([30.0]).decode().splitlines()[:4]
    (found,) = spectra("\n".join([*text, *rows]).encode(), "a.inx", "inx")
    assert found.x.tolist() == E.tolist()
    assert found.y.tolist() == (-S[0]).tolist()
    close = [f"      {e:9.5f}{-y:12.5E}{-error:11.4E}" for e, y, error in zip(E, S[0], ERROR[0], strict=True)]
    with pytest.raises(Unreadable, match=r"inx_line_wrong .*'line': 5"):
        FORMATS["inx"].read("\n".join([*text, *close]).encode())


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda text: text[:-60], "inx_ends_early|inx_line_wrong"),
        (lambda text: text + b"\nThe end\n", "inx_line_wrong"),
        (lambda text: text.replace(b"   3.270", b"   x.270"), "inx_line_wrong .*parameters"),
    ],
)
def test_damaged_inx_files_are_refused(damage: object, code: str) -> None:
    with pytest.raises(Unreadable, match=code):
        FORMATS["inx"].read(damage(inx([30.0, 60.0])))  # type: ignore[operator]


def test_a_monitor_of_mcstas() -> None:
    rows = "\n".join(f"{e:g} {y:g} {error:g} 400" for e, y, error in zip(E, S[0], ERROR[0], strict=True))
    (found,) = spectra((texts.mcstas_header() + rows + "\n").encode(), "e.dat", "mcstas")
    assert (found.x.tolist(), found.y.tolist(), found.x_unit) == (E.tolist(), S[0].tolist(), "meV")
    assert found.error is not None
    np.testing.assert_allclose(found.error, ERROR[0])
    assert found.stated.title == "Energy monitor"
    assert found.notices == (Notice("mcstas_neutron_energy", {"label": "Energy [meV]"}),)
    transfer = (texts.mcstas_header(xlabel="Energy transfer [meV]") + rows + "\n").encode()
    assert spectra(transfer, "e.dat", "mcstas")[0].notices == ()


@pytest.mark.parametrize("q_first", [True, False])
def test_a_monitor_over_q_and_energy_is_a_map(q_first: bool) -> None:
    labels = ("Momentum transfer Q [Angs-1]", "Energy transfer w [meV]")
    q_limits, e_limits = "0.25 1.75", "-1.5 2.5"
    blocks = {"Data": S, "Errors": ERROR, "Events": 4 * np.ones_like(S)}
    text = texts.mcstas_header(
        type="array_2d(3, 4)" if q_first else "array_2d(4, 3)",
        xlabel=labels[not q_first],
        ylabel=labels[q_first],
        xylimits=f"{q_limits} {e_limits}" if q_first else f"{e_limits} {q_limits}",
        variables="I I_err N",
    )
    for name, values in blocks.items():
        # A line for each y
        lines = [" ".join(f"{value:g}" for value in line) for line in (values.T if q_first else values)]
        text += "\n".join([f"# {name} [m/q.dat] I:", *lines, ""])
    found = only_map(text.encode(), "sqw.dat", "mcstas")
    np.testing.assert_allclose(found.across, [0.25, 0.75, 1.25, 1.75])
    np.testing.assert_allclose(found.x, [-1.5, -0.5, 0.5, 1.5, 2.5])
    np.testing.assert_allclose(found.y, S)
    assert found.error is not None
    np.testing.assert_allclose(found.error, ERROR)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"xlabel": "TOF [s]"}, "mcstas_axes"),
        ({"xlabel": "y [m]"}, "mcstas_axes"),
        ({"xlabel": "x [m]"}, "mcstas_axes"),
        ({"xlabel": "Energy [keV], threshold set to 100 keV"}, "mcstas_axes"),
        ({"xlabel": "Wavelength [AA]"}, "mcstas_axes"),
        ({"type": "array_1d(7)"}, "mcstas_length"),
        ({"type": "array_3d(2, 2, 2)"}, "mcstas_type"),
        ({"type": "multiarray_1d(4)"}, "mcstas_type"),
    ],
)
def test_other_monitors_are_refused(words: dict[str, str], code: str) -> None:
    rows = "\n".join(f"{e:g} 1 0.1 400" for e in E)
    with pytest.raises(Unreadable, match=code):
        FORMATS["mcstas"].read((texts.mcstas_header(**words) + rows + "\n").encode())


MEV, PER_ANGSTROM = "1.60218e-22*m**2*kg*s**-2", "1e+10*m**-1"


def histogram(
    axes: Sequence[tuple[str, NDArray[np.float64], str]], values: NDArray[np.float64], name: str = "IQE"
) -> bytes:
    """What the Renderer of neutrons/histogram-dev writes."""
    file = io.BytesIO()
    with h5py.File(file, "w") as h5:
        group = h5.create_group(name)
        grid = group.create_group("grid")
        for index, (label, edges, unit) in enumerate(axes):
            axis = grid.create_group(label)
            axis.attrs.update({"name": label, "type": "continuous", "unit": unit, "index": index})
            axis["bin boundaries"] = edges
            axis["bin centers"] = (edges[1:] + edges[:-1]) / 2
        for part, numbers in (("data", values), ("errors", (0.1 * values) ** 2)):
            group.create_dataset(part, data=numbers, compression="lzf").attrs["unit"] = "1"
    return file.getvalue()


Q_EDGES, E_EDGES = np.array([0.25, 0.75, 1.25, 1.75]), np.array([-1.5, -0.5, 0.5, 1.5, 2.5])


@pytest.mark.parametrize("q_first", [True, False])
@pytest.mark.parametrize(("energy", "scale"), [(MEV, 1.0), (f"b'{MEV}'", 1.0), ("1.60218e-19*m**2*kg*s**-2", 1000.0)])
def test_histograms_of_the_sns_are_maps(q_first: bool, energy: str, scale: float) -> None:
    axes = [("Q", Q_EDGES, PER_ANGSTROM), ("energy", E_EDGES, energy)]
    data = histogram(axes if q_first else axes[::-1], S if q_first else S.T)
    found = only_map(data, "iqe.h5", "sns-histogram")
    np.testing.assert_allclose(found.across, Q_EDGES)
    np.testing.assert_allclose(found.x, scale * E_EDGES, rtol=3e-6)
    np.testing.assert_allclose(found.y, S)
    assert found.error is not None
    np.testing.assert_allclose(found.error, ERROR)
    assert found.x_unit == "meV"


def test_a_density_of_states_in_a_histogram_is_a_spectrum() -> None:
    (found,) = spectra(histogram([("E", E_EDGES, MEV)], S[0], "DOS"), "dos.h5", "sns-histogram")
    assert (found.x.tolist(), found.stated.title) == (E_EDGES.tolist(), "DOS")


@pytest.mark.parametrize(
    ("axes", "code"),
    [
        ([("Q", Q_EDGES, PER_ANGSTROM), ("tof", E_EDGES, "1*s")], "histogram_axes"),
        ([("x", Q_EDGES, "1*m"), ("E", E_EDGES, MEV)], "histogram_axes"),
        ([("Q", Q_EDGES, PER_ANGSTROM), ("E", E_EDGES[:-1], MEV)], "sizes_differ"),
    ],
)
def test_other_histograms_are_refused(axes: list[tuple[str, NDArray[np.float64], str]], code: str) -> None:
    with pytest.raises(Unreadable, match=code):
        FORMATS["sns-histogram"].read(histogram(axes, S))


def test_lamps_hdf5_is_named() -> None:
    file = io.BytesIO()
    with h5py.File(file, "w") as h5:
        h5["entry1/data1/DATA"] = S
    with pytest.raises(Unreadable, match="lamp_file"):
        FORMATS["mantid-nexus"].read(file.getvalue())


def test_raw_data_of_the_ill_are_named() -> None:
    file = io.BytesIO()
    with h5py.File(file, "w") as h5:
        h5["entry0/acquisition_mode"] = [1]
        h5.create_group("entry0/instrument")
    with pytest.raises(Unreadable, match="raw_data"):
        FORMATS["mantid-nexus"].read(file.getvalue())


def save_ascii(heads: Sequence[str]) -> bytes:
    lines = ["# X , Y , E"]
    for head, row, errors in zip(heads, S, ERROR, strict=True):
        lines += [head, *(f"{e:g},{y:g},{error:g}" for e, y, error in zip(E, row, errors, strict=True))]
    return ("\n".join(lines) + "\n").encode()


def test_blocks_of_save_ascii_headed_by_q_are_a_map_and_spectra() -> None:
    first, *rest = read(save_ascii(["0.5", "1", "1.5"]), "a.dat", "mantid-ascii")
    assert isinstance(first, RawMap)
    same_map(first)
    assert Notice("headings_are_q", {"lowest": 0.5, "highest": 1.5}) in first.notices
    assert len(rest) == 3


def test_blocks_of_save_ascii_with_q_and_angle_are_a_map_over_angles() -> None:
    angles = np.array([30.0, 60.0, 90.0])
    q = 2.5 * np.sin(np.radians(angles / 2))
    first, *_ = read(
        save_ascii([f"{n} , {a:.6g} , {b:.6g}" for n, a, b in zip((4, 5, 6), q, angles, strict=True)]),
        "a.dat",
        "mantid-ascii",
    )
    assert isinstance(first, RawMap)
    assert first.kind == "angle"
    np.testing.assert_allclose(first.across, angles)


@pytest.mark.parametrize(
    "heads",
    [
        ["1", "2", "3"],
        ["10.5", "30.5", "60.5"],
        ["4 , 0.5", "5 , 1", "6 , 1.5"],
        ["1 , 0.5 , 30", "2 , 0.6 , 60", "3 , 0.1 , 90"],
    ],
)
def test_other_blocks_of_save_ascii_stay_spectra(heads: list[str]) -> None:
    assert all(isinstance(one, RawSpectrum) for one in read(save_ascii(heads), "a.dat", "mantid-ascii"))
