// @ts-check
// The figures of a shared proposal. This page asks nothing but what its link opens: /shared/….

import { ask, latestWins } from "../api.js";
import { byId, pageData, theme } from "../kit/dom.js";
import { Figure, onRedraw } from "../kit/figure.js";

/** @type {{path: string, powders: object[], crystals: object[], dataset_ids: string[]}} */
const { path, powders, crystals, dataset_ids } = pageData("page-data");

/** What each figure shows, by its place. @type {Record<string, {kind: string, views: object[], [more: string]: any}>} */
const CONTENTS = {
    spectrum: { kind: "spectrum", views: powders, dataset_ids },
    map: { kind: "map", views: powders.slice(0, 1) },
    cut: { kind: "spectrum", views: crystals },
    // Optical branches are weak beside acoustic ones
    path: { kind: "map", views: crystals.slice(0, 1), scale: "log" },
};

for (const [place, contents] of Object.entries(CONTENTS)) {
    if (!contents.views.length) continue;
    const figure = new Figure(byId(place), { lines: contents.kind === "spectrum" });
    const draw = latestWins(async () => {
        try {
            await figure.draw(await ask(path, { theme: theme(), ...contents }));
        } catch (problem) {
            figure.refuse(problem);
        }
    });
    draw(null);
    onRedraw(() => draw(null));
}
