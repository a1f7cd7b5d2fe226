// @ts-check
// The example forecast: a finished simulation, looked at through instruments.

import { ask, latestWins } from "../api.js";
import { byId, theme } from "../kit/dom.js";
import { Figure, onRedraw } from "../kit/figure.js";

/** Lattice and molecular modes; the C–H stretches and overtones above them are broad on these instruments. */
const ENERGY_MEV = { min: 0, max: 220 };

/** @param {HTMLElement} place */
export function showExample(place) {
    const form = /** @type {HTMLFormElement} */ (byId("example-form"));
    const figure = new Figure(place, { name: "benzene" });
    const draw = latestWins(async () => {
        const values = new FormData(form);
        const instrument = String(values.get("instrument"));
        const isotopes = values.has("deuterated") ? { H: "2H" } : {};
        const label = `${instrument}, ${values.has("deuterated") ? "C₆D₆" : "C₆H₆"}`;
        const views = [{ instrument, isotopes, label, energy_mev: ENERGY_MEV }];
        try {
            await figure.draw(await ask("/examples/forecast/figures", { theme: theme(), views }));
        } catch (problem) {
            figure.refuse(problem);
        }
    });
    form.addEventListener("change", () => draw(null));
    form.addEventListener("submit", (event) => event.preventDefault());
    onRedraw(() => draw(null));
    figure.say("Drawing …");
    draw(null);
}
