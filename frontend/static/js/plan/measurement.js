// @ts-check
// A simulated measurement at one setting; and the sample on all instruments.

import { integer } from "../format.js";
import { byId, element, fill } from "../kit/dom.js";
import { whenInView } from "../kit/in-view.js";
import { hoursText, measuredHours, measurement, plainSetting, scattering, suggestedHours } from "./bodies.js";
import { basis, figurePanel, panel, warnings } from "./panel.js";

/**
 * @typedef {import("./bodies.js").Values} Values
 * @typedef {import("./bodies.js").Setting} Setting
 * @typedef {import("./bodies.js").Schemas["MeasurementOut"]} Answer
 */

/** @param {import("../state.js").FormState} state */
export function measurementPanel(state) {
    let values = state.values;
    /** @type {Setting[]} */
    let ranked = [];
    const select = /** @type {HTMLSelectElement} */ (byId("setting-choice"));

    /** The setting that was chosen, if it is still there; else the best with known hours. @returns {Setting | null} */
    const chosen = () => ranked.find((one) => one.label === values.setting) ?? ranked.find((one) => one.basis !== "relative") ?? ranked[0] ?? null;

    const numbers = panel("measurement", {
        path: "/plans/measurement",
        show: (/** @type {Answer | null} */ answer) => {
            if (!answer) return fill(byId("measurement-words"));
            const total = integer(answer.counts.reduce((sum, one) => sum + one, 0));
            fill(byId("measurement-words"), element("p", { class: "quiet small flush" },
                `${answer.label}, ${hoursText(answer.hours)}: ${total} counts in ${answer.counts.length} bins, all detectors together. Error bars are √counts.`),
            warnings(answer.warnings), basis(answer.rests_on));
        },
    });
    const drawing = figurePanel("measurement-figure");

    function show() {
        const one = chosen();
        if (select.length !== ranked.length || ranked.some((setting, at) => select.options[at]?.value !== setting.label)) {
            fill(select, ranked.map((setting) => element("option", { value: setting.label }, `${setting.rank}. ${setting.label}`)));
        }
        select.value = one?.label ?? "";
        /** @type {HTMLInputElement} */ (byId("measured_h")).placeholder = one ? String(suggestedHours(one.hours)) : "";
        byId("seed-text").textContent = one ? `Seed ${values.seed}` : "";
        return one;
    }

    function ask() {
        const one = show();
        if (!one || one.basis === "relative") {
            numbers.forget();
            drawing.forget();
            fill(byId("measurement-words"));
            drawing.figure.say(one ? `The count rate of ${one.instrument} is not published. Calibrate it with one of your own measurements.`
                : "Appears when settings are ranked.");
            return;
        }
        const body = measurement(values, one, measuredHours(values, one));
        numbers.ask(body);
        drawing.ask("measurement", body, values);
    }

    /** @param {string} label of a setting: another setting takes other hours */
    const choose = (label) => state.set({ setting: label, measured_h: "" });
    select.addEventListener("change", (event) => {
        event.stopPropagation();
        choose(select.value);
    });
    byId("noise").addEventListener("click", () => state.set({ seed: String((Number(state.values.seed) || 1) + 1) }));

    // The sheet is the largest figure: it is asked for when it comes into view
    const sheet = figurePanel("sheet-figure", {
        alone: true,
        // As high as its rows need; on a phone it scrolls
        adjust: ({ layout }) => {
            const frame = /** @type {HTMLElement} */ (document.querySelector("#sheet-figure .graph-frame"));
            frame.style.height = `${layout.height ?? 760}px`;
            delete layout.height;
            delete layout.width;
        },
    });
    let inView = false;
    /** @type {() => void} */
    let askSheet = () => {};
    whenInView(byId("sheet"), () => {
        inView = true;
        askSheet();
    });

    /** @returns {import("./bodies.js").PlainSetting[]} the best setting of each instrument */
    const bestOfEach = () => [...new Map([...ranked].reverse().map((one) => [one.instrument, plainSetting(one)])).values()].reverse();

    return {
        chosen,
        /** @param {Values} now @param {number[]} energies of the features, meV */
        ask: (now, energies) => {
            values = now;
            ask();
            askSheet = () => {
                const best = now.sheet === "ranked";
                if (!inView || (best && !ranked.length)) return;
                sheet.ask("sheet", { ...scattering(now), settings: best ? bestOfEach() : [], features_mev: energies }, now);
            };
            askSheet();
        },
        /** @param {Setting[]} settings of the newest ranking */
        offer: (settings) => { ranked = settings; },
        /** @param {Setting} one */
        simulate: (one) => {
            choose(one.label);
            byId("measurement").scrollIntoView({ block: "start" });
        },
    };
}
