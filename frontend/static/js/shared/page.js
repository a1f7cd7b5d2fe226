// @ts-check
// The figures of a shared proposal. This page asks nothing but what its link opens: /shared/….

import { ask, latestWins } from "../api.js";
import { byId, pageData, theme } from "../kit/dom.js";
import { Figure, onRedraw } from "../kit/figure.js";

/** @type {{path: string, views: object[], dataset_ids: string[]}} */
const { path, views, dataset_ids } = pageData("page-data");

/** What each figure shows. @type {Record<string, object>} */
const CONTENTS = { spectrum: { views, dataset_ids }, map: { views: views.slice(0, 1) } };

for (const [kind, contents] of Object.entries(CONTENTS)) {
    const figure = new Figure(byId(kind), { lines: kind === "spectrum" });
    const draw = latestWins(async () => {
        try {
            await figure.draw(await ask(path, { kind, theme: theme(), ...contents }));
        } catch (problem) {
            figure.refuse(problem);
        }
    });
    draw(null);
    onRedraw(() => draw(null));
}
