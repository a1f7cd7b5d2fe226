// @ts-check
// A training: its progress with the loss while it runs, then its figures.

import { ask, latestWins } from "../api.js";
import { byId, facts, fill, pageData, theme } from "../kit/dom.js";
import { Figure, NARROW_PX, onRedraw } from "../kit/figure.js";
import { whenInView } from "../kit/in-view.js";
import { follow } from "../kit/progress.js";
import { readable, rowsOf } from "../kit/provenance.js";

/** @type {{training: any, has_loss: boolean}} */
const { training, has_loss: hasLoss } = pageData("page-data");
/** Between panels that are stacked. */
const GAP = 0.14;
const path = `/trainings/${training.id}`;

/** Put the panels of a figure below one another. @param {import("../kit/figure.js").PlotlyFigure} figure */
function stack({ layout }) {
    const axes = Object.keys(layout).filter((name) => name.startsWith("xaxis"));
    const height = (1 - GAP * (axes.length - 1)) / axes.length;
    axes.forEach((name, place) => {
        const top = 1 - place * (height + GAP);
        layout[name].domain = [0, 1];
        layout[name].anchor = name.replace("xaxis", "y");
        layout[name.replace("x", "y")].domain = [Math.max(0, top - height), top];
    });
}

/** @param {string} id @param {() => string} kind @returns {() => void} draws it */
function figureOf(id, kind) {
    const figure = new Figure(byId(id));
    const draw = latestWins(async () => {
        try {
            /** @type {import("../kit/figure.js").PlotlyFigure} */
            const drawn = await ask(`${path}/figure`, { kind: kind(), theme: theme() });
            if (id === "parity" && figure.graph.clientWidth <= NARROW_PX) stack(drawn);
            await figure.draw(drawn, kind());
        } catch (problem) {
            figure.refuse(problem);
        }
    });
    return () => draw(null);
}

const panel = byId("loss-panel");
const drawLoss = figureOf("loss", () => "loss");
if (hasLoss) drawLoss();
onRedraw(() => { if (!panel.hidden) drawLoss(); });

const kinds = /** @type {HTMLFormElement | null} */ (document.getElementById("phonons-kind"));
if (kinds) {
    const kind = /** @type {RadioNodeList} */ (kinds.elements.namedItem("kind"));
    const drawPhonons = figureOf("phonons", () => kind.value);
    kinds.addEventListener("change", drawPhonons);
    kinds.addEventListener("submit", (event) => event.preventDefault());
    drawPhonons();
    onRedraw(drawPhonons);
    whenInView(byId("parity"), () => {
        const drawParity = figureOf("parity", () => "parity");
        drawParity();
        onRedraw(drawParity);
    });
}

const { provenance, options, id } = training;
fill(byId("provenance"), facts([...rowsOf("", options), ...rowsOf("", provenance), ...rowsOf("id", id)]
    .map(([name, text]) => [readable(name), text]), { class: "facts is-provenance" }));

let steps = 0;
const stop = follow({ id, path, event: "training", noun: "training", state: training }, (state, changed) => {
    const loss = state.evidence?.loss ?? [];
    if (loss.length > steps) {
        steps = loss.length;
        panel.hidden = false;
        drawLoss();
    }
    // The server writes the evidence
    if (changed && state.status === "succeeded") window.location.reload();
});
window.addEventListener("pagehide", stop);
