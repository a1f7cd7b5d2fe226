// @ts-check
// Landing page: a dropped file, or an example, becomes a structure, and its page opens.

import { ApiProblem, ask, upload } from "../api.js";
import { listed } from "../format.js";
import { followBadges } from "../kit/badges.js";
import { byId, element } from "../kit/dom.js";
import { offerDrop } from "../kit/drop-zone.js";
import { whenInView } from "../kit/in-view.js";
import { showProblem } from "../kit/problems.js";

/** @typedef {import("../../../types/api").components["schemas"]["StructureOut"]} Structure */
/** @typedef {import("../../../types/api").components["schemas"]["PredictionOut"]} Prediction */

const drop = byId("drop");
/** Names by which programs write phonons and trajectories. */
const NAMES = new RegExp(`^(${drop.dataset.sourceNames})$`);
/** Names of files that may also be a single structure. */
const EITHER = /\.(xyz|extxyz)$/i;

const message = byId("message");

/** Tell whether files are phonons or a trajectory rather than a structure. @param {File[]} files */
const areSource = (files) => files.length > 1 || files.some(({ name }) => NAMES.test(name.toLowerCase()));

/** @param {Structure} structure */
const open = ({ id }) => window.location.assign(`/structures/${id}`);

/** @param {import("./own-phonons.js").Source} source */
const openSource = ({ id, structure_id: structure }) => window.location.assign(`/structures/${structure}?source=${id}`);

/** Offer to use phonons. @param {File[]} files */
async function offerSource(files) {
    const { offerPhonons } = await import("./own-phonons.js");
    await offerPhonons(offer, files, openSource);
}

/** What a file offers beside a structure: ordered cells, or phonons. */
const offer = byId("offer");

/** Offer the ordered cells of a disordered crystal. @param {File} file @param {ApiProblem} disorder */
async function offerOrder(file, disorder) {
    const { offerOrderedCells } = await import("./ordered-cells.js");
    await offerOrderedCells(offer, file, disorder, open);
}

/** Name the uploads that a reload has interrupted. */
async function nameUnfinished() {
    if (!Object.keys(localStorage).some((key) => key.startsWith("upload:"))) return;
    const { unfinishedNames } = await import("../kit/resumable.js");
    const names = await unfinishedNames();
    if (names.length) message.replaceChildren(element("p", { class: "small quiet" }, `The upload of ${listed(names)} is not complete: choose the same file to continue it.`));
}

void nameUnfinished();
offerDrop(drop, {
    message,
    limit: (files) => Number(areSource(files) ? drop.dataset.maxTrajectoryBytes : drop.dataset.maxBytes),
    wholePage: true,
    tooLarge: "Upload one structure, the files of one calculation of phonons, or one trajectory.",
    send: async (file, progress, more) => {
        offer.hidden = true;
        const files = [file, ...more];
        /** @type {unknown} */
        let noSource = null;
        if (areSource(files)) {
            try {
                return await offerSource(files);
            } catch (problem) {
                const isOther = problem instanceof ApiProblem && problem.code === "unknown_format";
                if (more.length || !(isOther || EITHER.test(file.name))) throw problem;
                // The name was that of a source, but the file is something else
                noSource = problem;
            }
        }
        try {
            open(await upload("/structures", { file }, { progress }));
        } catch (problem) {
            if (!(problem instanceof ApiProblem)) throw problem;
            if (problem.code === "partial_occupancies") return offerOrder(file, problem);
            if (problem.code !== "structure_format_not_stated") throw problem;
            if (noSource) throw noSource;
            // A name that says nothing: the content may be phonons
            if (await offerSource(files).then(() => true, () => false)) return;
            throw problem;
        }
    },
});

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-example]"))) {
    button.addEventListener("click", async () => {
        message.replaceChildren();
        button.disabled = true;
        try {
            open(await ask(`/examples/${button.dataset.example}`));
        } catch (problem) {
            showProblem(message, message, problem, "This example could not be opened");
            message.scrollIntoView({ block: "nearest" });
        }
        button.disabled = false;
    });
}

followBadges();

const unread = document.getElementById("unread-sources");
if (unread) void import("./unread-sources.js").then(({ followSources }) => followSources(unread));

const example = document.getElementById("example-figure");
if (example) {
    whenInView(example, async () => {
        const { showExample } = await import("./example.js");
        showExample(example);
    });
}

const copy = document.getElementById("copy-forecast");
copy?.addEventListener("click", async () => {
    try {
        /** @type {Prediction} */
        const { id, structure_id: structure } = await ask("/examples/forecast");
        window.location.assign(`/forecast/${structure}?predictions=${id}`);
    } catch (problem) {
        showProblem(message, message, problem);
        message.scrollIntoView({ block: "nearest" });
    }
});
