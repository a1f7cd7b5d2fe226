// @ts-check
// The sample in the beam: thickness, transmission, activation; and the same plan with another isotope.

import { plain, significant } from "../format.js";
import { byId, element, facts, fill, formula, list, scrollable, table, term } from "../kit/dom.js";
import { advice, bandText, deuteration, hoursText, timeText } from "./bodies.js";
import { figurePanel, panel, warnings } from "./panel.js";

/**
 * @typedef {import("./bodies.js").Values} Values
 * @typedef {import("./bodies.js").Setting} Setting
 * @typedef {import("./bodies.js").Schemas["AdviceOut"]} Advice
 * @typedef {import("./bodies.js").Schemas["DeuterationOut"]} Deuteration
 * @typedef {Deuteration["as_planned"]} Plan
 */

const TRANSMISSION_ROWS = 5;
const ACTIVATION_TIMES = 4;
const NUCLIDES = 4;

const percent = (/** @type {number} */ fraction) => `${significant(100 * fraction, 2)} %`;

/**
 * @typedef {Record<string, Record<string, import("../kit/controls.js").Nucleus>>} Simulated isotopes of each forecast
 * @param {import("./ranking.js").PageData & {simulated: Simulated}} data
 */
export function samplePanel({ structure, terms, simulated }) {
    const explained = (/** @type {string} */ label, /** @type {string} */ name) => term(label, terms[name] ?? "");

    /** @param {Advice} answer */
    function sampleFacts({ sample: one, multiple_scattering: multiple, container_scattering: container }) {
        const size = one.geometry === "cylinder" ? `Ø ${plain(one.thickness_mm)} × ${plain(one.height_mm)} mm`
            : `${plain(one.width_mm)} × ${plain(one.height_mm)} mm, ${plain(one.thickness_mm)} mm thick`;
        return facts([
            ["Formula", formula(one.formula)],
            ["Size", size],
            ["Mass", `${significant(one.mass_g)} g (${significant(one.moles)} mol)`],
            ["Density", `${significant(one.density_g_cm3, 4)} g cm⁻³${one.packing < 1 ? `, packing ${percent(one.packing)}` : ""}`],
            [explained("Scattered", "scatterer"), `${significant(one.scatterer_percent, 2)} % of the beam`],
            ["For the requested fraction", one.thickness_for_percent_mm === null ? "none of this shape" : `${plain(one.thickness_for_percent_mm)} mm`],
            ["Cross sections", `${significant(one.scattering_barn)} barn scattering, ${significant(one.absorption_barn)} absorption`],
            ["Container", one.container + (one.container_mass_g > 0 ? `, ${significant(one.container_mass_g, 2)} g` : "")],
            [explained("Multiple scattering", "multiple_scattering"), percent(multiple)],
            [explained("By the container", "container_scattering"), percent(container)],
        ], { class: "facts plan-facts" });
    }

    /** @param {Advice["transmission"]} of */
    function transmissionTable({ energy_mev: energy, transmission, scattered, absorbed }) {
        const steps = Array.from({ length: TRANSMISSION_ROWS }, (_, step) => Math.round((step * (energy.length - 1)) / (TRANSMISSION_ROWS - 1)));
        const rows = energy.length ? [...new Set(steps)].map((at) => [`${plain(energy[at])} meV`,
            ...[transmission, scattered, absorbed].map((values) => percent(values[at] ?? 0))]) : [];
        return scrollable(table(["Neutron energy", explained("Transmitted", "transmission"), "Scattered", "Absorbed"], rows), "Transmission");
    }

    /** @param {Advice["activation"]} of */
    function activationTable({ total_uci: total, nuclides, cool_down_h: wait, hours }) {
        const times = Object.keys(total).sort((one, other) => Number(one) - Number(other)).slice(0, ACTIVATION_TIMES);
        const after = (/** @type {string} */ time) => (Number(time) === 0 ? "At once" : `After ${hoursText(Number(time)).replace(".0 ", " ")}`);
        const activity = (/** @type {number} */ value) => (value < 1e-3 ? "< 0.001" : significant(value, 2));
        const rows = [["Total", "", ...times.map((time) => activity(total[time] ?? 0))], ...nuclides.slice(0, NUCLIDES).map((one) =>
            [one.nuclide, one.half_life.replace(/ m$/, " min"), ...times.map((time) => activity(one.activity_uci[time] ?? 0))])];
        const waiting = wait === null ? "more than ten years" : wait <= 0 ? "none" : hoursText(wait);
        return [
            scrollable(table([explained("Activity, µCi", "activation"), "Half-life", ...times.map(after)], rows), "Activation"),
            element("p", { class: "small" }, explained("Cool-down", "cool_down"), ` after ${hoursText(hours)} of irradiation: `, element("strong", {}, waiting), "."),
        ];
    }

    let where = "";
    const numbers = panel("sample", {
        path: `/structures/${structure.id}/sample-advice`,
        busy: (is) => byId("sample-facts").setAttribute("aria-busy", String(is)),
        show: (/** @type {Advice | null} */ answer) => fill(byId("sample-facts"), ...(answer ? [
            warnings(answer.warnings),
            list(answer.advice, { class: "plan-advice" }),
            element("div", { class: "result-grid" }, sampleFacts(answer), element("div", {},
                element("h3", {}, `Transmission${where && `, ${where}`}`), transmissionTable(answer.transmission),
                element("h3", {}, "Activation"), activationTable(answer.activation))),
        ] : [])),
    });

    /** @param {Deuteration} answer */
    function compared({ as_planned: planned, instead, warnings: texts }) {
        const row = (/** @type {string} */ name, /** @type {(plan: Plan) => string} */ text) => [name, text(planned), text(instead)];
        const ofBest = (/** @type {(one: Setting) => string} */ text) => (/** @type {Plan} */ { ranked: [one] }) => (one ? text(one) : "—");
        return [warnings(texts), scrollable(table(["Quantity", formula(planned.sample.formula), formula(instead.sample.formula)], [
            row("Thickness", ({ sample: one }) => `${plain(one.thickness_mm)} mm`),
            row("Mass", ({ sample: one }) => `${significant(one.mass_g)} g`),
            row("Scattered", ({ sample: one }) => `${significant(one.scatterer_percent, 2)} %`),
            row("Best setting", ({ ranked: [one] }) => one?.label ?? "no setting measures a feature"),
            row("Beam time", ofBest((one) => [timeText(one), bandText(one)].filter(Boolean).join(", "))),
            row("Resolved pairs", ofBest((one) => `${one.n_resolved} of ${one.n_pairs}`)),
        ], { class: "data-table is-worded" }), "Both samples")];
    }

    const offered = document.getElementById("deuteration");
    const other = offered && panel("deuteration", {
        path: "/plans/deuteration",
        busy: (is) => {
            offered.setAttribute("aria-busy", String(is));
            const place = byId("deuteration-table");
            if (is && !place.childElementCount) fill(place, element("p", { class: "quiet small", role: "status" }, "Planning both samples …"));
        },
        show: (/** @type {Deuteration | null} */ answer) => {
            fill(byId("deuteration-table"), ...(answer ? compared(answer) : []));
            if (answer) draw();
        },
    });
    const drawing = offered && figurePanel("deuteration-figure");
    /** @type {() => void} */
    let draw = () => {};

    return {
        /**
         * @param {Values} values
         * @param {Setting | null} setting that is simulated: transmission is shown over its range
         */
        ask: (values, setting) => {
            where = setting?.label ?? "";
            numbers.ask(advice(values, setting, simulated[values.predictions ?? ""]));
            if (!offered) return;
            offered.hidden = values.what_if !== "1";
            if (offered.hidden) {
                other?.forget();
                drawing?.forget();
                return;
            }
            draw = () => drawing?.ask("deuteration", deuteration(values), values);
            other?.ask(deuteration(values), draw);
        },
    };
}
