"""JCAMP-DX, also with several blocks: ##XYDATA in every compressed form, ##XYPOINTS and ##PEAK TABLE.

What the file says of itself (number of points, first and last abscissa, the abscissa at each line's start, the checks
of differences) must hold: a file that contradicts itself is damaged, and refused.

References
----------
R. S. McDonald and P. A. Wilks, Appl. Spectrosc. 42, 151 (1988); P. Lampen, H. Hillig, A. N. Davies and M. Linscheid,
Appl. Spectrosc. 48, 1545 (1994).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.datasets.formats import asdf, units
from backend.datasets.formats.reading import MAX_POINTS, MAX_SPECTRA, RawSpectrum, Stated, XUnit
from backend.datasets.formats.text import decoded, quoted
from backend.datasets.run import RunConditions
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

_TABLES = ("XYDATA", "XYPOINTS", "PEAKTABLE")
_OTHER_TABLES = ("NTUPLES", "RADATA", "PEAKASSIGNMENTS")
_ONCE = frozenset({"NPOINTS", "FIRSTX", "LASTX", "DELTAX", "XFACTOR", "YFACTOR", "XUNITS"})
_OTHER_METHODS = re.compile(
    r"\bNMR\b|MASS SPECTRUM|\bMASS\b|ION MOBILITY|CHROMATOGRA|\bE[PS]R\b|DIFFRACTION|THERMO|CIRCULAR"
)
_OPTICAL = re.compile(r"INFRARED|RAMAN|\bIR\b|UV|VISIBLE|FLUORESC")
_NEUTRON = re.compile(r"NEUTRON|\bINS\b")


@dataclass
class _Block:
    """Labelled data records between ##TITLE= and ##END=: label → value, where each stands, and lines after each."""

    line: int
    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    tables: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    ended: bool = False


def sniffs(head: bytes) -> bool:
    """Whether the first record is ##TITLE=, as the standard has it, or ##JCAMP-DX= follows."""
    start = head[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").upper()
    return re.match(rb"(?:\$\$[^\r\n]*\s+)*##\s*(?:TITLE|JCAMP[-_ ]?DX)\s*=", start) is not None


def read(data: bytes) -> list[RawSpectrum]:
    """The spectra in a JCAMP-DX file.

    Raises
    ------
    Unreadable
        It is damaged, or holds none that could be of neutrons.
    """
    found: list[RawSpectrum] = []
    left_out: list[dict[str, Any]] = []
    for block in _blocks(decoded(data)):
        if block.values.get("DATATYPE", "").strip().upper() == "LINK":
            continue
        title = quoted(block.values.get("TITLE", "")[:60])
        if (reason := _find_obstacle(block)) is not None:
            left_out.append({"title": title, "reason": reason.to_json()})
            continue
        found.extend(_spectrum(block, label, lines) for label, lines in block.tables.items() if label in _TABLES)
        if len(found) > MAX_SPECTRA:
            raise Unreadable(Notice("too_many_spectra_in_file", {"n_spectra": len(found), "max_spectra": MAX_SPECTRA}))
    if not found:
        raise Unreadable(Notice("no_usable_block", {"blocks": left_out[:3]}))
    if left_out:
        notice = Notice("blocks_left_out", {"blocks": left_out[:5], "n_blocks": len(left_out)})
        found = [replace(spectrum, notices=(*spectrum.notices, notice)) for spectrum in found]
    return found


def _blocks(text: str) -> Iterator[_Block]:
    """Blocks in order, those inside another one (a LINK) by themselves."""
    open_blocks: list[_Block] = []
    label = ""
    for number, line in enumerate(text.split("\n"), 1):
        content = line.partition("$$")[0] if "$$" in line else line
        stripped = content.lstrip()
        if not stripped.startswith("##"):
            if not stripped:
                continue
            if not open_blocks:
                raise Unreadable(Notice("line_outside_blocks", {"line": number, "found": quoted(line)}))
            if label in open_blocks[-1].tables:
                open_blocks[-1].tables[label].append((number, content))
            continue
        name, equals, value = stripped[2:].partition("=")
        if not equals:
            raise Unreadable(Notice("no_jcamp_record", {"line": number, "found": quoted(line)}))
        label = re.sub(r"[\s\-/_]", "", name).upper()
        if label == "TITLE" or not open_blocks:
            if len(open_blocks) > 20:
                raise Unreadable(Notice("blocks_nested_too_deeply", {"line": number, "max_depth": 20}))
            open_blocks.append(_Block(number))
        block = open_blocks[-1]
        if label == "END":
            block.ended = True
            yield open_blocks.pop()
            label = ""
            continue
        if (label in _TABLES and label in block.values) or (
            block.values.get(label, value.strip()) != value.strip() and label in _ONCE
        ):
            raise Unreadable(Notice("jcamp_record_repeated", {"line": number, "label": name.strip()}))
        block.values.setdefault(label, value.strip())
        block.lines.setdefault(label, number)
        if label in _TABLES:
            block.tables[label] = []
    yield from open_blocks


def _find_obstacle(block: _Block) -> Notice | None:
    """Return the reason why a block cannot be a spectrum of neutrons, or None."""
    kind = block.values.get("DATATYPE", "").upper()
    if _OTHER_METHODS.search(kind) and not _NEUTRON.search(kind):
        return Notice("jcamp_data_type", {"data_type": block.values["DATATYPE"]})
    for label in _OTHER_TABLES:
        if label in block.values and not block.tables:
            return Notice("jcamp_table_not_read", {"label": label})
    return None if block.tables else Notice("jcamp_without_table")


def _spectrum(block: _Block, label: str, lines: list[tuple[int, str]]) -> RawSpectrum:
    form = re.sub(r"\s", "", block.values[label]).upper()
    notices: list[Notice] = []
    if not block.ended:
        notices.append(Notice("end_record_missing"))
    if label == "XYDATA" and form.startswith("(X++(Y..Y"):
        x, y = _equally_spaced(block, lines, notices)
    elif form.startswith("(XY..XY"):
        found = asdf.pairs(lines)
        x, y = found[:, 0] * _number(block, "XFACTOR", 1.0), found[:, 1] * _number(block, "YFACTOR", 1.0)
        _check_count(block, len(y))
    else:
        raise Unreadable(
            Notice(
                "jcamp_form_not_read", {"line": block.lines[label], "label": label, "found": block.values[label][:40]}
            )
        )
    if label == "PEAKTABLE":
        notices.append(Notice("table_of_peaks"))
    kind = block.values.get("DATATYPE", "")
    if _OPTICAL.search(kind.upper()):
        notices.append(Notice("optical_data_type", {"data_type": kind}))
    unit, recognised_by = _x_unit(block, notices)
    return RawSpectrum(
        x=x,
        y=y,
        error=None,
        x_unit=unit,
        recognised_by=recognised_by,
        y_unit=block.values.get("YUNITS", "")[:60],
        stated=_stated(block, notices),
        notices=tuple(notices),
    )


def _equally_spaced(
    block: _Block, lines: list[tuple[int, str]], notices: list[Notice]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """X and Y of (X++(Y..Y)): X from the first and last one, the lines' own X as a check."""
    x_factor, y_factor = _number(block, "XFACTOR", 1.0), _number(block, "YFACTOR", 1.0)
    found = asdf.ordinates(lines)
    n = len(found.y)
    if n < 2:
        raise Unreadable(Notice("too_few_points", {"line": block.lines["XYDATA"], "n_points": n}))
    _check_count(block, n)
    first = _number(block, "FIRSTX", found.x[0] * x_factor)
    if "LASTX" in block.values:
        last = _number(block, "LASTX")
    elif "DELTAX" in block.values:
        last = first + (n - 1) * _number(block, "DELTAX")
    else:
        raise Unreadable(Notice("jcamp_energies_not_stated"))
    x = np.linspace(first, last, n)
    step = abs(last - first) / (n - 1)
    if step == 0:
        raise Unreadable(Notice("firstx_equals_lastx", {"x": first}))
    _check_abscissas(block, found, x, lines, notices)
    if "DELTAX" in block.values and abs(abs(_number(block, "DELTAX")) - step) > 0.01 * step:
        notices.append(Notice("deltax_ignored", {"deltax": block.values["DELTAX"]}))
    y = found.y * y_factor
    stated = _float(block.values.get("FIRSTY", ""))
    # A NaN is not compared.
    if stated is not None and abs(stated - y[0]) > 1e-3 * max(abs(y[0]), abs(stated)) + abs(y_factor):
        first_intensity = {"firsty": block.values["FIRSTY"], "intensity": float(y[0])}
        notices.append(Notice("firsty_contradicted", first_intensity))
    return x, y


def _check_abscissas(
    block: _Block, found: asdf.Ordinates, x: NDArray[np.float64], lines: list[tuple[int, str]], notices: list[Notice]
) -> None:
    """Compare the X at each line's start with what counting the points gives; a lost line shifts it by many steps."""
    x_factor = _number(block, "XFACTOR", 1.0)
    counted = x[np.minimum(found.index, len(x) - 1)]
    step = abs(x[1] - x[0])
    # X is printed in units of XFACTOR, rounded or cut off.
    printed = abs(x_factor) * _last_place(lines)
    off = np.abs(found.x * x_factor - counted) - printed
    # Some writers count one point wrongly; where the number of points agrees none is lost by that.
    at = int(np.argmax(off))
    if off[at] > (1.6 if "NPOINTS" in block.values else 0.6) * step:
        raise Unreadable(
            Notice(
                "abscissa_contradicted",
                {"line": int(found.line[at]), "x": float(found.x[at] * x_factor), "expected": float(counted[at])},
            )
        )
    if off[at] > 0.6 * step:
        largest = {"difference": float(off[at] + printed), "line": int(found.line[at])}
        notices.append(Notice("abscissas_contradicted", largest))


def _last_place(lines: list[tuple[int, str]]) -> float:
    """One unit in the last decimal place to which the lines print X."""
    match = next(
        (match for _, line in lines if (match := re.match(r"\s*[+-]?\d*(?:\.(\d*))?", line)) and match[0].strip()), None
    )
    return 10.0 ** -len((match[1] or "") if match else "")


def _check_count(block: _Block, n: int) -> None:
    if n == 0:
        raise Unreadable(Notice("block_without_points"))
    if "NPOINTS" not in block.values:
        return
    stated = _number(block, "NPOINTS")
    if stated > MAX_POINTS:
        raise Unreadable(Notice("npoints_too_large", {"stated": stated, "max_points": MAX_POINTS}))
    if stated != n:
        raise Unreadable(Notice("npoints_contradicted", {"stated": stated, "n_points": n}))


def _number(block: _Block, label: str, default: float | None = None) -> float:
    text = block.values.get(label, "")
    if not text and default is not None:
        return default
    value = _float(text)
    if value is None:
        raise Unreadable(
            Notice(
                "unreadable_jcamp_value",
                {"line": block.lines.get(label, block.line), "label": label, "found": text[:40]},
            )
        )
    return value


def _float(text: str) -> float | None:
    """A finite number, or None."""
    try:
        value = float(text) if "_" not in text and text.isascii() else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _x_unit(block: _Block, notices: list[Notice]) -> tuple[XUnit | None, str]:
    text = block.values.get("XUNITS", "")
    if not text:
        return None, ""
    found = units.unit_of(text)
    if found.notice:
        notices.append(found.notice)
    elif found.unit is None:
        notices.append(Notice("unknown_unit", {"unit": text[:40]}))
    return found.unit, f"##XUNITS={text[:40]}" if found.unit else ""


def _stated(block: _Block, notices: list[Notice]) -> Stated:
    values = block.values
    instrument = values.get("SPECTROMETERDATASYSTEM") or values.get("SPECTROMETER") or values.get("INSTRUMENT")
    if not instrument and _NEUTRON.search(values.get("DATATYPE", "").upper()):
        # The ISIS INS database: ##ORIGIN= TFXA, ISIS
        instrument = values.get("ORIGIN", "").partition(",")[0].strip()
    return Stated(
        title=" ".join(values.get("TITLE", "").split())[:200],
        instrument=instrument[:100] if instrument else None,
        run=RunConditions.plausible({"temperature_k": _temperature(values, notices)}),
    )


def _temperature(values: Mapping[str, str], notices: list[Notice]) -> float | None:
    text = values.get("TEMPERATURE", "")
    match = re.fullmatch(r"([+-]?\d+(?:\.\d*)?)\s*(K|KELVIN|°?\s*C|CELSIUS)", text.strip(), re.IGNORECASE)
    if match is None:
        if text:
            notices.append(Notice("temperature_without_unit", {"temperature": text[:40]}))
        return None
    kelvin = float(match[1]) + (0.0 if match[2].upper().startswith("K") else 273.15)
    return kelvin if kelvin > 0 else None
