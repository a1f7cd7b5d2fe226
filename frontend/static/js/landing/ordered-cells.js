// @ts-check
// Ordered cells of a disordered crystal: one click makes one of them a structure.

import { upload } from "../api.js";
import { element, fill, formula } from "../kit/dom.js";
import { showProblem } from "../kit/problems.js";
import { count, listed, plain, significant } from "../format.js";

/** @typedef {import("../../../types/api").components["schemas"]["OrderedCellsOut"]} Cells */
/** @typedef {import("../../../types/api").components["schemas"]["OrderedCellOut"]} Cell */
/** @typedef {import("../../../types/api").components["schemas"]["StructureOut"]} Structure */

/** Energies that differ by less are those of one arrangement, in eV per atom. */
const SAME_ENERGY = 1e-6;

/** The file that was refused last: answers about an older one are dropped. @type {File | undefined} */
let newest;

/**
 * List the ordered cells of a file that was refused as disordered.
 * @param {HTMLElement} place
 * @param {File} file
 * @param {import("../api.js").ApiProblem} disorder why it was refused
 * @param {(structure: Structure) => void} use takes the structure that was made
 */
export async function offerOrderedCells(place, file, disorder, use) {
    newest = file;
    place.setAttribute("aria-label", "Ordered cells");
    place.hidden = false;
    fill(place, element("p", { class: "quiet" }, `Looking for ordered cells of ${file.name} …`));
    const problem = element("div");
    try {
        /** @type {Cells} */
        const cells = await upload("/structures/ordered-cells", { file });
        if (newest !== file) return;
        fill(
            place,
            element("h2", {}, "Choose an ordered cell"),
            element("p", { class: "small" }, whatIsMixed(disorder), " ", summary(cells)),
            problem,
            element("ul", { class: "recent" }, ...cells.items.map((cell) => row(cell, choose))),
        );
    } catch (refusal) {
        if (newest !== file) return;
        const without = element("div");
        fill(place, problem, without);
        showProblem(place, problem, disorder, `${file.name} could not be used`);
        showProblem(place, without, refusal, "No ordered cell was found");
    }

    /** @param {Cell} cell @param {HTMLButtonElement} button */
    async function choose(cell, button) {
        button.disabled = true;
        try {
            use(await upload("/structures", { file, ordered_cell: String(cell.rank) }));
        } catch (refusal) {
            showProblem(place, problem, refusal, "This cell could not be used");
            problem.scrollIntoView({ block: "nearest" });
        }
        button.disabled = false;
    }
}

/** @param {import("../api.js").ApiProblem} disorder */
function whatIsMixed({ params }) {
    const { sites, occupancies, n_sites: all } = /** @type {{sites: string[], occupancies: number[], n_sites: number}} */ (params);
    const named = sites.map((site, place) => `${site} (${occupancies[place]})`);
    return `A simulation needs whole atoms, and these sites are partially occupied: ${named.join(", ")}${all > sites.length ? ", …" : ""}.`;
}

/** @param {Cells} cells */
function summary({ items, n_distinct: distinct, rank_by: ranking, complete, occupancy_error: error }) {
    const order = ranking === "electrostatics" ? "the electrostatic energy of formal charges" : "short contacts";
    const told = items.length < 2 || items.some((cell) => (cell.energy_ev_per_atom ?? 1) > SAME_ENERGY);
    const ranked = told ? `ranked by ${order}, the best first` : "formal charges do not tell them apart";
    const shown = items.length < distinct ? `${items.length} of ${distinct} are shown, ` : "";
    const searched = complete ? "" : " There are too many arrangements to try all: some were drawn at random.";
    const rounded = error > 0.005 ? ` Occupancies differ by up to ${significant(error, 2)} from those of the file.` : "";
    return `${count(distinct, "distinct arrangement")} in the smallest cell; ${shown}${ranked}.${searched}${rounded}`;
}

/** @param {Cell} cell @param {(cell: Cell, button: HTMLButtonElement) => void} choose */
function row(cell, choose) {
    const energy = (cell.energy_ev_per_atom ?? 0) > SAME_ENERGY ? ` · +${significant(1000 * (cell.energy_ev_per_atom ?? 0))} meV per atom` : "";
    const button = element("button", { type: "button", class: "button slim is-light" }, "Use this cell");
    button.setAttribute("aria-label", `Use ordered cell ${cell.rank}`);
    button.addEventListener("click", () => choose(cell, button));
    return element(
        "li",
        { class: "recent-row is-ordered" },
        element(
            "div",
            {},
            element("strong", {}, `${cell.rank}. `, formula(cell.formula_cell)),
            element("div", { class: "quiet small" }, `${count(cell.n_atoms, "atom")} · ${cell.space_group} · ${count(cell.n_cells, "primitive cell")}: ${cell.supercell.map(vector).join(", ")}${energy}`),
            element("div", { class: "quiet small" }, cell.chosen.map(present).join("; ")),
        ),
        button,
    );
}

/** Return a vector of the supercell in those of the cell: "a − c", "2b". @param {number[]} parts */
function vector(parts) {
    const terms = parts.map((part, place) => [part, "abc"[place]]).filter(([part]) => part);
    return terms.map(([part, axis], place) => {
        const size = Math.abs(/** @type {number} */ (part));
        const sign = Number(part) < 0 ? (place ? " − " : "−") : place ? " + " : "";
        return `${sign}${size === 1 ? "" : plain(size)}${axis}`;
    }).join("");
}

/** @param {Cell["chosen"][number]} chosen */
const present = ({ sites, n_present: found, n_possible: possible }) => `${listed(sites)}: ${found} of ${possible}`;
