"""Processed NeXus of Mantid's: spectra of banks, maps over |q| and over angles, and what is none of them."""

from __future__ import annotations

import io
from typing import Any

import h5py
import numpy as np
import pytest

from backend.datasets.formats import mantid_nexus as reader
from backend.datasets.formats.reading import RawMap, RawSpectrum
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

from . import datasets_hdf5 as files

EDGES = np.linspace(0.0, 200.0, 41)
Q = np.linspace(1.0, 6.0, 11)


def spectra(content: bytes) -> list[RawSpectrum]:
    found = reader.read(content)
    assert all(isinstance(one, RawSpectrum) for one in found)
    return [one for one in found if isinstance(one, RawSpectrum)]


def first_map(content: bytes) -> RawMap:
    found = reader.read(content)[0]
    assert isinstance(found, RawMap)
    return found


def noisy(n: int, m: int = 40) -> np.ndarray:
    return np.random.default_rng(n).normal(5.0, 1.0, (n, m))


def test_banks_of_tosca_are_spectra() -> None:
    values = noisy(3)
    content = files.mantid(
        values,
        np.sqrt(values),
        EDGES,
        ["Backward", "Forward", "Sum"],
        units=("DeltaE_inWavenumber", "TextAxis"),
        parameters="TOSCA;string;deltaE-mode;Indirect|analyser/1;double;Efixed;3.96|analyser/2;double;Efixed;3.98",
        logs={"sample_temp": ([10.0, 12.0], "K")},
        stored={"compression": "gzip", "chunks": (1, 40)},
    )
    found = spectra(content)
    assert [one.stated.title for one in found] == ["reduced, Backward", "reduced, Forward", "reduced, Sum"]
    for one, y in zip(found, values, strict=True):
        np.testing.assert_array_equal(one.x, EDGES)
        np.testing.assert_array_equal(one.y, y)
        np.testing.assert_array_equal(one.error, np.sqrt(y))
        assert one.x_unit == "cm-1"
        assert "DeltaE_inWavenumber" in one.recognised_by
        assert one.y_unit == "Counts per meV"
        assert one.stated.instrument == "TOSCA"
        assert one.stated.fixed_energy_mev == pytest.approx(3.97)
        assert one.stated.run.temperature_k == 11.0


def test_points_spectrum_numbers_and_other_precisions() -> None:
    values, middle = noisy(2), (EDGES[1:] + EDGES[:-1]) / 2
    found = spectra(files.mantid(values, None, middle, [3, 4], dtype=">f4", distribution=None))
    # 24 bits of mantissa
    np.testing.assert_allclose(found[1].y, values[1], rtol=1e-6)
    assert found[0].stated.title == "reduced, spectrum 3"
    assert found[0].error is None
    assert len(found[0].x) == 40


def test_ragged_spectra_have_their_own_lengths() -> None:
    edges = np.stack([EDGES, 2 * EDGES])
    edges[1, 31:] = np.nan
    values = noisy(2)
    values[1, 30:] = np.nan
    short = spectra(files.mantid(values, np.ones_like(values), edges, [1, 2]))[1]
    np.testing.assert_array_equal(short.x, 2 * EDGES[:31])
    np.testing.assert_array_equal(short.y, values[1, :30])


def test_several_workspaces_in_their_order() -> None:
    def build(root: Any) -> None:
        for number in (10, 2, 1):
            files.workspace(root, noisy(1) + number, None, EDGES, [1], number=number, name=f"ws{number}")

    found = spectra(files.file_of(build))
    assert [one.stated.title for one in found] == ["ws1", "ws2", "ws10"]


def test_counts_in_unequal_bins_become_densities() -> None:
    edges = np.geomspace(10.0, 100.0, 41)
    widths = np.diff(edges)
    (found,) = spectra(files.mantid(7.0 * widths[None], widths[None], edges, [1], distribution="0"))
    np.testing.assert_allclose(found.y, 7.0, rtol=1e-12)
    np.testing.assert_allclose(found.error, 1.0, rtol=1e-12)
    assert found.notices[0] == Notice("counts_divided_by_widths")


@pytest.mark.parametrize("q", [Q, (Q[1:] + Q[:-1]) / 2], ids=["edges", "points"])
def test_a_map_over_q(q: np.ndarray) -> None:
    values = noisy(10)
    content = files.mantid(
        values,
        np.ones_like(values),
        EDGES,
        q,
        units=("DeltaE", "MomentumTransfer"),
        instrument="MARI",
        logs={"Ei": (250.0, "meV"), "Temperature": (20.0, "C")},
    )
    found = first_map(content)
    assert found.kind == "q"
    assert found.geometry == "direct"
    assert found.stated.settings == {"e_init": 250.0}
    # 20 °C is no temperature in kelvin
    assert found.stated.run.temperature_k is None
    np.testing.assert_array_equal(found.across, q)
    np.testing.assert_array_equal(found.y, values)
    assert (Notice("rows_at_constant_q") in found.notices) == (len(q) == 10)


def test_a_map_lying_on_its_side() -> None:
    values = noisy(10)
    turned = files.mantid(values.T, values.T, Q, EDGES, units=("MomentumTransfer", "DeltaE"))
    found = first_map(turned)
    np.testing.assert_array_equal(found.y, values)
    np.testing.assert_array_equal(found.across, Q)
    np.testing.assert_array_equal(found.x, EDGES)


def test_what_was_not_reached_is_nan_and_counts_of_nothing_are_not() -> None:
    values, errors = noisy(10), np.ones((10, 40))
    outside = np.add.outer(np.arange(10), np.arange(40)) > 40
    values[outside] = errors[outside] = 0.0
    values[4, 7] = errors[4, 7] = 0.0
    found = first_map(files.mantid(values, errors, EDGES, Q, units=("DeltaE", "MomentumTransfer")))
    np.testing.assert_array_equal(np.isnan(found.y), outside)
    assert found.y[4, 7] == 0.0
    assert found.notices[-1] == Notice("empty_bins_at_borders", {"n_bins": int(outside.sum())})


@pytest.mark.parametrize(("finalized", "squared"), [("1", "0"), ("0", "0"), ("0", "1"), (None, None)])
def test_fractional_areas_of_sofqw(finalized: str | None, squared: str | None) -> None:
    wanted, wanted_error = noisy(10), np.full((10, 40), 0.3)
    area = np.random.default_rng(2).uniform(0.2, 1.0, wanted.shape)
    area[0] = 0.0
    values, errors = (wanted, wanted_error) if finalized != "0" else (wanted * area, wanted_error * area)
    errors = errors**2 if squared == "1" else errors

    def build(root: Any) -> None:
        data = files.workspace(
            root, values, errors, EDGES, Q, units=("DeltaE", "MomentumTransfer"), more={"frac_area": area}
        )
        for name, value in (("finalized", finalized), ("sqrd_errors", squared)):
            if value is not None:
                data["frac_area"].attrs[name] = np.bytes_(value)

    found = first_map(files.file_of(build))
    assert found.error is not None
    assert np.isnan(found.y[0]).all()
    np.testing.assert_allclose(found.y[1:], wanted[1:], rtol=1e-12)
    np.testing.assert_allclose(found.error[1:], wanted_error[1:], rtol=1e-12)


def test_masked_bins_are_nan() -> None:
    values = noisy(10)
    more = {"masked_spectra": np.array([[2, 0], [5, 2]]), "masked_bins": np.array([0, 1, 39])}
    found = first_map(files.mantid(values, values, EDGES, Q, units=("DeltaE", "MomentumTransfer"), more=more))
    masked = np.zeros((10, 40), dtype=bool)
    masked[2, :2] = masked[5, 39] = True
    np.testing.assert_array_equal(np.isnan(found.y), masked)
    assert found.notices[0] == Notice("values_masked", {"n_values": 3})


def test_a_map_over_angles() -> None:
    values = noisy(10)
    edges = np.linspace(-60.0, 140.0, 11)
    values[3] = 0.0
    found = first_map(files.mantid(values, values, EDGES, edges, units=("DeltaE", "Degrees")))
    assert found.kind == "angle"
    assert found.geometry == "indirect"
    np.testing.assert_array_equal(found.across, np.abs((edges[1:] + edges[:-1]) / 2))
    np.testing.assert_allclose(found.width, 20.0)
    assert np.isnan(found.y[3]).all()
    assert found.notices[0] == Notice("detectors_left_out", {"n_left_out": 1, "n_detectors": 10})


def test_many_spectra_are_a_map_over_the_angles_of_their_detectors() -> None:
    values, angles = noisy(30), np.linspace(5.0, 130.0, 30)
    content = files.mantid(values, values, EDGES, np.arange(30), two_theta=angles, instrument="LET")
    found = reader.read(content)
    assert isinstance(found[0], RawMap)
    assert len(found) == 31
    np.testing.assert_allclose(found[0].across, angles, rtol=1e-12)
    np.testing.assert_array_equal(found[0].y, values)
    # Sums of banks stay spectra
    few = files.mantid(values[:3], None, EDGES, np.arange(3), two_theta=angles[:3])
    assert len(spectra(few)) == 3


def test_analysers_of_different_energies_are_no_one_energy() -> None:
    parameters = "a;double;Efixed;1.84|b;double;Efixed;7.4"
    found = first_map(
        files.mantid(noisy(10), None, EDGES, Q, units=("DeltaE", "MomentumTransfer"), parameters=parameters)
    )
    assert found.stated.fixed_energy_mev is None
    assert found.notices[-1] == Notice("analysers_differ", {"lowest_mev": 1.84, "highest_mev": 7.4})


def test_a_label_in_words_and_an_unknown_unit() -> None:
    def build(root: Any) -> None:
        for number, label in ((1, "cm^-1"), (2, "furlong")):
            data = files.workspace(root, noisy(1), None, EDGES, [1], units=("Label", "spectraNumber"), number=number)
            data["axis1"].attrs["label"] = np.bytes_(label)

    assert [one.x_unit for one in spectra(files.file_of(build))] == ["cm-1", None]


@pytest.mark.parametrize("unit", ["TOF", "MomentumTransfer", "Energy"])
def test_other_axes_are_refused(unit: str) -> None:
    with pytest.raises(Unreadable, match=f"bins_not_energy_transfer.*{unit}"):
        reader.read(files.mantid(noisy(1), None, EDGES, [1], units=(unit, "spectraNumber")))


def test_other_workspaces_are_told_beside_those_that_are_read() -> None:
    def build(root: Any, alone: bool) -> None:
        if not alone:
            files.workspace(root, noisy(1), None, EDGES, [1])
        files.new_group(files.new_group(root, "mantid_workspace_2", "NXentry"), "event_workspace", "NXdata")

    (found,) = reader.read(files.file_of(lambda root: build(root, False)))
    assert found.notices[-1].code == "workspace_not_used"
    assert found.notices[-1].params["workspace"] == "mantid_workspace_2"
    with pytest.raises(Unreadable, match=r"workspace_without_histograms.*event_workspace"):
        reader.read(files.file_of(lambda root: build(root, True)))


def test_sizes_that_do_not_fit_are_refused() -> None:
    for values, axis in ((noisy(2, 39), EDGES), (noisy(2)[0], EDGES), (noisy(2), np.stack([EDGES] * 3))):
        with pytest.raises(Unreadable, match=r"sizes_differ|workspace_without_values"):
            reader.read(files.mantid(values, None, axis, [1, 2]))


def test_maps_with_bins_of_their_own_are_refused() -> None:
    edges = EDGES + np.arange(10)[:, None]
    with pytest.raises(Unreadable, match="rows_with_different_bins"):
        reader.read(files.mantid(noisy(10), None, edges, Q, units=("DeltaE", "MomentumTransfer")))


@pytest.mark.parametrize(
    ("groups", "code"),
    [
        (["raw_data_1/detector_1"], "raw_data"),
        (["entry/bank1_events"], "raw_data"),
        (["MDHistoWorkspace/data"], "multidimensional_workspace"),
        (["x/y"], "unknown_hdf5"),
    ],
)
def test_other_files_are_named(groups: list[str], code: str) -> None:
    def build(root: Any) -> None:
        for path in groups:
            root.create_group(path)

    with pytest.raises(Unreadable, match=code):
        reader.read(files.file_of(build))


def test_a_foreign_definition_and_our_other_formats_are_named() -> None:
    def sqom(root: Any) -> None:
        files.words(files.new_group(root, "entry", "NXentry"), "definition", "NXsqom")

    with pytest.raises(Unreadable, match="NXsqom"):
        reader.read(files.file_of(sqom))
    one = np.ones((1, 4))
    with pytest.raises(Unreadable, match=r"other_hdf5_format .*'found': 'nxspe'"):
        reader.read(files.nxspe([20.0], np.arange(5.0), one, one))
    with pytest.raises(Unreadable, match="hdf4_file"):
        reader.read(b"\x0e\x03\x13\x01" + bytes(100))
    with pytest.raises(Unreadable, match="not_hdf5"):
        reader.read(b"energy,intensity\n1,2\n")


def test_files_with_a_block_before_them() -> None:
    content = io.BytesIO()
    with h5py.File(content, "w", userblock_size=512) as root:
        files.workspace(root, noisy(1), None, EDGES, [1])
    assert reader.sniffs(content.getvalue())
    assert len(reader.read(content.getvalue())) == 1
