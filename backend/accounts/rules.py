"""The scope of a token that each address of the API asks for.

An address without a rule is refused to tokens; tests/backend/test_accounts_rules.py asks for a rule for every route.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from backend.kit.http.security import SAFE_METHODS

TokenScope = Literal["read", "predict", "propose", "operate"]
TOKEN_SCOPES: Final[tuple[TokenScope, ...]] = get_args(TokenScope)

SCOPE_OF_CHANGES: Final[dict[str, TokenScope]] = {
    **dict.fromkeys(
        (
            "calibrations",
            "datasets",
            "examples",
            "instruments",
            "label-sets",
            "models",
            "potentials",
            "predictions",
            "sources",
            "structures",
            "trainings",
            "uploads",
        ),
        "predict",
    ),
    **dict.fromkeys(
        (
            "comparisons",
            "engines",
            "figures",
            "health",
            "isotopes",
            "limits",
            "me",
            "methods",
            "plans",
            "references",
            "reports",
            "shared",
            "structure-formats",
            "training-options",
            "view-schema",
        ),
        "read",
    ),
    "proposals": "propose",
}
"""First part of the address below /api/v1 → scope of requests that change something."""

OPERATORS_ONLY: Final = ("operations",)
"""First parts of addresses that ask for the scope `operate` also of requests that only read."""

READING_POSTS: Final = frozenset(
    {
        ("datasets", "preview"),
        ("examples", "figures"),
        ("instruments", "repetitions"),
        ("instruments", "resolution"),
        ("instruments", "window"),
        ("predictions", "displacements"),
        ("predictions", "estimate"),
        ("predictions", "figure"),
        ("predictions", "modes"),
        ("predictions", "spectrum"),
        ("sources", "preview"),
        ("structures", "displacements"),
        ("structures", "ordered-cells"),
        ("structures", "sample-advice"),
        ("trainings", "estimate"),
        ("trainings", "figure"),
    }
)
"""First and last parts of addresses whose POST stores nothing."""


def required_scope(method: str, path: str) -> TokenScope | None:
    """Return the scope that a token needs for a request.

    Parameters
    ----------
    method
        Of HTTP, in capitals.
    path
        Address below /api/v1, such as `/predictions/estimate`.

    Returns
    -------
    The scope; None if no token may send the request.
    """
    parts = path.strip("/").split("/")
    if parts[0] in OPERATORS_ONLY:
        return "operate"
    changing = SCOPE_OF_CHANGES.get(parts[0])
    reads = method in SAFE_METHODS or (method == "POST" and (parts[0], parts[-1]) in READING_POSTS)
    return "read" if reads and changing else changing
