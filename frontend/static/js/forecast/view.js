// @ts-check
// What the API is asked for: the values of the form as bodies of its views. Pure functions.

import { capital, listed } from "../format.js";
import { elementOf, isotopesOf } from "../kit/controls.js";

/** @typedef {import("../state.js").Values} Values */
/**
 * @typedef {object} Prediction
 * @property {string} id
 * @property {"harmonic" | "md" | "trpmd"} method
 * @property {"powder" | "path"} sampling
 * @property {string} label
 * @property {string} status
 * @property {number} n_orders phonon orders that it tells apart, or 0
 * @property {number} runs independent runs
 * @property {number[][]} zones Brillouin zones
 * @property {string[]} species elements or sites that it tells apart, once it has succeeded
 * @property {any} state as the API gives it
 */
/**
 * @typedef {object} Context
 * @property {{id: string, name: string}} structure
 * @property {"powder" | "path"} sampling
 * @property {string[]} others predictions of the other kind of sample
 * @property {string[]} points special points of the paths
 * @property {Prediction[]} predictions harmonic first
 * @property {Record<string, {geometry: string, defaults: Record<string, any>}>} instruments
 * @property {any[]} datasets
 * @property {Record<string, string>} corrections
 */
/** @typedef {{values: Values, context: Context}} View */
/** @typedef {"spectrum" | "map" | "zones"} Kind */

export const IDEAL = "Sample";
export const PROBES = /** @type {Record<string, string>} */ ({ "x-ray": "X-rays", electron: "electrons" });
/** Curves that the API draws at most on the same axes. */
export const MAX_VIEWS = 24;
/** Farther out than any simulation is analysed, Å⁻¹. */
const ALL_Q = 1000;

/** @param {string | undefined} text @returns {number | null} */
export const numberOf = (text) => (text === undefined || text.trim() === "" || !Number.isFinite(Number(text)) ? null : Number(text));

/** @param {Values} values @param {string} name */
const isOn = (values, name) => values[name] === "1";

/** @param {Context} context */
export const succeeded = (context) => context.predictions.filter((one) => one.status === "succeeded");

/**
 * Return the measured data that are drawn: spectra ("1d") or maps ("2d").
 * @param {View} view
 * @param {"1d" | "2d"} kind
 * @returns {any[]}
 */
export const drawnData = ({ values, context }, kind) => (values.datasets ?? "").split(",")
    .map((id) => context.datasets.find((one) => one.id === id)).filter((one) => one?.kind === kind);

/** @param {View} view @returns {Record<string, any>} what is laid over the spectrum */
export function overlayOf(view) {
    const ids = drawnData(view, "1d").map((one) => one.id);
    const { offset, dataset_scale } = view.values;
    return ids.length ? { dataset_ids: ids, offset: numberOf(offset) ?? 0, dataset_scale } : {};
}

/** @param {Values} values @returns {string[]} the instruments shown */
export const instrumentsOf = (values) => (values.instruments ?? "").split(",").filter(Boolean);

/** @param {string} name as figures show it */
export const displayName = (name) => (name.startsWith("generic-") ? capital(name).replaceAll("-", " ") : name);

/** @param {Values} values @param {string} name */
const probeOf = (values, name) => (name === IDEAL ? values.probe ?? "neutron" : "neutron");

/**
 * Return the instruments that can show the contribution: X-rays and electrons have no incoherent part.
 * @param {Values} values
 * @param {string[]} names
 */
export const showable = (values, names) =>
    names.filter((name) => probeOf(values, name) === "neutron" || values.contribution !== "incoherent");

/**
 * Return the instrument of the map: the one chosen, else the first of direct geometry, which sees an area.
 * @param {View} view
 */
export function mapInstrument({ values, context }) {
    const shown = instrumentsOf(values);
    if (values.map && shown.includes(values.map)) return values.map;
    return shown.find((name) => context.instruments[name]?.geometry === "direct") ?? shown[0] ?? null;
}

/** Name of the wave vectors that are no special points. */
export const BETWEEN = "Between special points";
const VECTOR = /^-?\d+(\.\d+)?(,-?\d+(\.\d+)?){2}$/;
/** @param {string} point whether it is a wave vector */
export const isVector = (point) => VECTOR.test(point);
/** @param {string} point @returns {string} as figures write it */
export const pointName = (point) => (isVector(point)
    ? `(${point.split(",").map((one) => String(Number(Number(one).toPrecision(3)))).join(" ").replaceAll("-", "−")})` : point);
/** @param {string} zone "0,0,4" */
export const zoneName = (zone) => zone.split(",").join(" ").replaceAll("-", "\u2212");
/** @param {Values} values @param {Prediction} prediction */
const zoneIndex = (values, prediction) => prediction.zones.findIndex((zone) => zone.join(",") === values.zone);
/** @param {Values} values @param {Prediction} prediction */
export const hasZone = (values, prediction) =>
    prediction.sampling !== "path" || !values.zone || zoneIndex(values, prediction) >= 0;

/**
 * Return the predictions that can show what was asked for: only harmonic ones tell phonon orders apart, and each
 * crystal was simulated in zones of its own.
 * @param {Values} values
 * @param {Prediction[]} ready
 */
export const sourcesOf = (values, ready) =>
    ready.filter((one) => (!values.order || one.n_orders >= Number(values.order)) && hasZone(values, one));

/** Tell whether a prediction tells a site apart. @param {Prediction} prediction @param {string} site */
export const resolves = (prediction, site) => site === elementOf(site) || prediction.species.includes(site);

/**
 * Return the settings of an instrument that differ from nothing: all that its form has, as the API takes them.
 * @param {View} view
 * @param {string} name
 * @returns {Record<string, any>}
 */
export function settingsOf({ values, context }, name) {
    const defaults = context.instruments[name]?.defaults ?? {};
    return Object.fromEntries(Object.entries(defaults).map(([key, usual]) => {
        const text = values[`${name}.${key}`];
        // A half-typed number is not asked for
        if (text === undefined || text === "") return [key, usual];
        return [key, typeof usual === "number" ? numberOf(text) ?? usual : text];
    }));
}

/** @param {Values} values */
function qRange(values) {
    const [low, high] = [numberOf(values.q_min), numberOf(values.q_max)];
    if (low === null && high === null) return null;
    const range = { min: low ?? 0, max: high ?? ALL_Q };
    return range.max > range.min ? range : null;
}

/**
 * Return the body of `/predictions/{id}/spectrum` for one prediction through one instrument.
 * @param {View} view
 * @param {string} name instrument, or IDEAL
 * @param {Prediction} prediction
 * @param {string | number | null} [point] special point of a crystal's cut, or the index of its wave vector
 * @returns {Record<string, any>}
 */
export function spectrumBody(view, name, prediction, point = null) {
    const { values } = view;
    const probe = probeOf(values, name);
    const ideal = name === IDEAL;
    // Path integrals have quantum statistics but for the Kubo transform, which one factor undoes
    const fixed = prediction.method === "trpmd" && values.quantum_correction !== "none";
    /** @type {Record<string, any>} */
    const body = {
        instrument: ideal ? null : name,
        settings: ideal ? {} : settingsOf(view, name),
        isotopes: probe === "neutron" ? isotopesOf(values, (site) => resolves(prediction, site)) : {},
        contribution: values.contribution ?? "total",
        quantum_correction: fixed ? "harmonic" : values.quantum_correction ?? "harmonic",
        energy_scale: numberOf(values.energy_scale) ?? 1,
        elastic: isOn(values, "elastic"),
        kf_over_ki: !ideal && isOn(values, "kf_over_ki"),
    };
    if (ideal) Object.assign(body, { probe, fwhm_mev: numberOf(values.fwhm_mev) ?? 0 });
    if (prediction.sampling === "path") {
        body.elastic = false;
        body.path = {
            divide_debye_waller: isOn(values, "divide_debye_waller"),
            divide_q_squared: isOn(values, "divide_q_squared"),
            times_energy_squared: isOn(values, "times_energy_squared"),
            ...(point === null ? {} : { point }),
            ...(values.zone ? { zone: zoneIndex(values, prediction) } : {}),
        };
    }
    if (prediction.n_orders && values.order) body.order = Number(values.order);
    else if (prediction.n_orders && isOn(values, "per_order")) body.per_order = true;
    const q = qRange(values);
    if (q) body.q_inv_angstrom = q;
    return body;
}

/**
 * Return the energies asked for, in meV; null: as far as the spectra reach. `max` is null when only From is given.
 * @param {Values} values
 * @returns {{min: number, max: number | null} | null}
 */
export function energyRange(values) {
    const [low, high] = [numberOf(values.energy_min), numberOf(values.energy_max)];
    if (low === null && high === null) return null;
    const min = low ?? 0;
    return high !== null && high <= min ? null : { min, max: high };
}

/** Return the name of a curve. @param {View} view @param {string} name @param {Prediction} prediction */
export function labelOf({ values }, name, prediction) {
    const probe = PROBES[probeOf(values, name)];
    const shown = name === IDEAL ? "Ideal" : displayName(name);
    const words = [shown + (probe ? ` (${probe})` : ""), prediction.label];
    if (values.zone && prediction.sampling === "path") words.push(`zone ${zoneName(values.zone)}`);
    if (values.order) words.push(values.order === "1" ? "1 phonon" : `${values.order} phonons`);
    return words.join(", ");
}

const DASHES = { harmonic: "harmonic is dashed", md: "MD solid", trpmd: "TRPMD dash-dotted" };

/**
 * Return what a figure does not say by itself.
 * @param {Kind} kind
 * @param {View} view
 * @param {{sources: Prediction[], n_views: number, point: string | null, lacking: string[]}} shown
 *     lacking: predictions without a wave at the point
 */
export function noteOf(kind, { values, context }, { sources, n_views, point, lacking }) {
    const ready = succeeded(context);
    const crystal = context.sampling === "path";
    const [shown, names] = [instrumentsOf(values), (/** @type {Prediction[]} */ those) => listed(those.map((one) => one.label))];
    /** @type {string[]} */
    const notes = [];
    /** @type {(those: Prediction[], what: string) => void} */
    const missing = (those, what) => { if (those.length) notes.push(`${names(those)} ${what}: not shown.`); };
    const left = ready.filter((one) => !sourcesOf(values, [one]).length)
        .filter((one) => kind === "spectrum" || one.id === values.map_prediction);
    if (values.order && left.length) notes.push(`Only harmonic forecasts tell phonon orders apart: ${names(left)} not shown.`);
    if (crystal && kind !== "zones") missing(ready.filter((one) => !hasZone(values, one)), `has no zone ${zoneName(values.zone ?? "")}`);
    if (crystal && kind === "spectrum") missing(ready.filter((one) => lacking.includes(one.id)), `has no wave at ${pointName(point ?? "")}`);
    if (kind !== "spectrum") {
        const ideal = kind === "map" && !crystal && mapInstrument({ values, context }) === IDEAL;
        return [...notes, ...(ideal ? ["Ideal S(q, ω), without an instrument: there is no window."] : [])].join(" ");
    }
    if (isOn(values, "per_order") && !values.order && sources.some((one) => !one.n_orders) && sources.some((one) => one.n_orders)) {
        notes.push("Orders are drawn for harmonic forecasts only.");
    }
    const sites = Object.keys(values).filter((name) => name.startsWith("iso.") && values[name]).map((name) => name.slice(4));
    const unresolved = sources.filter((one) => sites.some((site) => !resolves(one, site)));
    if (unresolved.length) notes.push(`Isotopes of single sites do not apply to ${names(unresolved)}, which does not tell sites apart.`);
    if (shown.includes(IDEAL) && values.probe !== "neutron" && values.probe) {
        notes.push(values.contribution === "incoherent"
            ? "X-rays and electrons have no incoherent part: the ideal S(q, ω) is not shown."
            : `Intensities for ${PROBES[values.probe]} have a unit of their own: compare positions, not heights.`);
    }
    const runs = [...new Set(sources.map((one) => one.runs).filter((count) => count > 1))];
    if (runs.length && values.errors !== "0" && !values.order) notes.push(`Shade: one standard error, from ${listed(runs.map(String))} runs.`);
    const methods = /** @type {(keyof typeof DASHES)[]} */ (Object.keys(DASHES)).filter((method) => sources.some((one) => one.method === method));
    if (methods.length > 1) notes.push(`Colour shows the instrument; ${listed(methods.map((method) => DASHES[method]))}.`);
    if (n_views > MAX_VIEWS) notes.push(`Only the first ${MAX_VIEWS} of ${n_views} curves are drawn.`);
    return notes.join(" ");
}

/** Return why there is no figure. @param {View} view @param {{chosen: string[], shown: string[]}} names */
export function emptyReason({ values, context }, { chosen, shown }) {
    if (!chosen.length) return "Choose an instrument, or the ideal S(q, ω).";
    if (!shown.length) return "X-rays and electrons have no incoherent part: choose Total or Coherent.";
    if (context.predictions.some((one) => ["queued", "running"].includes(one.status))) {
        return "Appears here as soon as the first simulation is ready.";
    }
    if (!succeeded(context).length) return "There is no result to show: the reason stands above.";
    if (context.sampling === "path") return "No simulation here has this zone and this point: choose others.";
    return values.order ? "No forecast here tells phonon orders apart: choose All orders." : "There is nothing to show.";
}
