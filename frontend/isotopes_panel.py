"""Which isotopes the sample holds: for each element, and for each site where the simulation tells sites apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from frontend.terms import explained
from frontend.view_state import Mixture, Nucleus, element_of
from frontend.wiring import attributes

NATURAL = "natural"
LIKE_ELEMENT = "like"
MIXTURE = "mixture"
MOST_SITES = 24
"""Sites that are listed: those of a large cell without symmetry would be hundreds, and slow the page down."""


def isotope_label(isotope: str) -> str:
    """Return an isotope as chemists write it: ²H (D)."""
    digits = "".join(character for character in isotope if character.isdigit())
    symbol = isotope[len(digits) :]
    raised = digits.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    name = {"2H": " (D)", "3H": " (T)"}.get(isotope, "")
    return f"{raised}{symbol}{name}"


def rest_of(element: str) -> str:
    """Return what fills a mixture up: hydrogen is ¹H but for 0.01 %, other elements are as found in nature."""
    return "1H" if element == "H" else element


def _first_offered(element: str, choices: Sequence[str]) -> Mixture:
    return Mixture("2H" if element == "H" else choices[0], 98.0)


def _id(kind: str, site: str) -> dict[str, str]:
    return {"type": kind, "element": site}


def _choice(site: str, choices: Sequence[str], chosen: Nucleus | None) -> html.Div:
    """Return the select of one element or site, and the fields of its mixture, out of sight unless one is chosen."""
    element = element_of(site)
    is_site = site != element
    usual = LIKE_ELEMENT if is_site else NATURAL
    offered = [isotope for isotope in choices if isotope != rest_of(element)]
    mixture = chosen if isinstance(chosen, Mixture) and chosen.isotope in offered else None
    if mixture is not None:
        value = MIXTURE
    elif chosen == element:
        value = NATURAL
    else:
        value = chosen if isinstance(chosen, str) and chosen in choices else usual
    shown = mixture or _first_offered(element, offered)
    rest = rest_of(element)
    return html.Div(
        [
            html.Div(
                [
                    html.Span(site, className="isotope-site"),
                    dmc.Select(
                        id=_id("isotope", site),
                        data=[
                            *([{"value": LIKE_ELEMENT, "label": f"like {element}"}] if is_site else []),
                            {"value": NATURAL, "label": "natural"},
                            *({"value": isotope, "label": isotope_label(isotope)} for isotope in choices),
                            {"value": MIXTURE, "label": "mixture …"},
                        ],
                        value=value,
                        allowDeselect=False,
                        size="xs",
                        **attributes(aria_label=f"Isotope of {site}"),
                    ),
                ],
                className="isotope-choice",
                id=f"isotope-{site}",
            ),
            html.Div(
                [
                    dmc.NumberInput(
                        id=_id("isotope-percent", site),
                        value=shown.percent,
                        min=0,
                        max=100,
                        step=1,
                        decimalScale=2,
                        suffix=" %",
                        clampBehavior="strict",
                        debounce=300,
                        size="xs",
                        **attributes(aria_label=f"Per cent of the isotope in {site}"),
                    ),
                    dmc.Select(
                        id=_id("isotope-share", site),
                        data=[{"value": isotope, "label": isotope_label(isotope)} for isotope in offered],
                        value=shown.isotope,
                        allowDeselect=False,
                        size="xs",
                        **attributes(aria_label=f"Isotope in the mixture of {site}"),
                    ),
                    html.Span(
                        f"the rest {isotope_label(rest)}" if rest != element else "the rest natural",
                        className="quiet small",
                    ),
                ],
                id=_id("isotope-mixture", site),
                className="isotope-mixture",
                hidden=value != MIXTURE,
            ),
        ],
        className="isotope",
    )


def _with_several(isotopes: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    # One stable isotope leaves nothing to choose.
    return {element: choices for element, choices in isotopes.items() if len(choices) > 1}


def _sites(isotopes: Mapping[str, Sequence[str]], species: Sequence[str]) -> list[str]:
    several = _with_several(isotopes)
    return [site for site in species if site != element_of(site) and element_of(site) in several]


def offered(isotopes: Mapping[str, Sequence[str]], species: Sequence[str]) -> list[str]:
    """Return the elements and sites whose isotopes can be chosen."""
    return [*_with_several(isotopes), *_sites(isotopes, species)[:MOST_SITES]]


def chosen_nuclei(
    sites: Sequence[str], values: Sequence[str], percents: Sequence[float], shares: Sequence[str]
) -> dict[str, Nucleus]:
    """Return what the controls say of each element or site, but for what is as usual."""
    chosen: dict[str, Nucleus] = {}
    for site, value, percent, share in zip(sites, values, percents, shares, strict=True):
        element = element_of(site)
        if value == MIXTURE:
            chosen[site] = Mixture(share, percent)
        elif value == NATURAL and site != element:
            chosen[site] = element
        elif value not in (NATURAL, LIKE_ELEMENT):
            chosen[site] = value
    return chosen


def isotopes_group(
    isotopes: Mapping[str, Sequence[str]], species: Sequence[str], chosen: Mapping[str, Nucleus]
) -> html.Fieldset | None:
    """Return the choices of isotopes; nothing where every element has one stable isotope.

    Parameters
    ----------
    isotopes
        Element → its isotopes.
    species
        What the predictions tell apart: elements, or sites such as "H2".
    chosen
        What the address says, by element or site.
    """
    several, sites = _with_several(isotopes), _sites(isotopes, species)
    if not several:
        return None
    children: list[Any] = [
        html.Div(
            [_choice(element, choices, chosen.get(element)) for element, choices in several.items()],
            className="isotopes",
        )
    ]
    if sites:
        listed = sites[:MOST_SITES]
        rows: list[Any] = [_choice(site, several[element_of(site)], chosen.get(site)) for site in listed]
        if len(sites) > len(listed):
            rows.append(
                html.P(
                    f"The first {len(listed)} of {len(sites)} sites. The API takes them all.", className="small quiet"
                )
            )
        children.append(
            html.Details(
                [html.Summary("Each site by itself"), html.Div(rows, className="isotopes")],
                className="sites",
                open=any(site in chosen for site in listed),
            )
        )
    return html.Fieldset([html.Legend(explained("isotopes", "Isotopes")), *children], className="group")
