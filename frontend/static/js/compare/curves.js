// @ts-check
// Curves of a comparison, and their text in the address. Pure functions.
//
// A forecast is `PREDICTION:INSTRUMENT:name=value:…`, where a name is a setting of the instrument, `iso.H`, a switch of
// the view such as `contribution`, or `colour` (rrggbb); a dataset is `data:DATASET`. Commas separate curves.

import { difference, query } from "../state.js";
import { hasZone, IDEAL, instrumentsOf, settingsOf, spectrumBody, succeeded } from "../forecast/view.js";

/** @typedef {import("../state.js").Values} Values */
/** @typedef {{prediction: string, instrument: string, values: Values}} Forecast */
/** @typedef {{dataset: string}} Data */
/** @typedef {Forecast | Data} Curve */

export const MAX_CURVES = 24;
export const COLOUR = "colour";
const DATA = "data";
const ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const NAME = /^[A-Za-z][\w.-]{0,59}$/;
const MAX_TEXT = 60;
/** Values of the forecast page that change a curve, beside settings and isotopes. */
const SWITCHES = ["contribution", "quantum_correction", "energy_scale", "elastic", "kf_over_ki", "order", "q_min", "q_max"];
const IDEAL_SWITCHES = ["probe", "fwhm_mev"];
/** Of single crystals only. `point` is the wave vector of the cut: a special point, or h,k,l. */
export const CRYSTAL_SWITCHES = ["point", "zone", "divide_debye_waller", "divide_q_squared", "times_energy_squared"];
/** Of powders only. */
export const POWDER_SWITCHES = ["elastic", "order"];
/** Values that an address leaves out, where these are not empty. */
export const DEFAULTS = /** @type {Values} */ ({ contribution: "total", divide_debye_waller: "1", divide_q_squared: "1", times_energy_squared: "0" });
const PAGE_SWITCHES = ["energy_unit", "scale", "energy_min", "energy_max"];

/** @param {Curve} curve @returns {curve is Data} */
export const isData = (curve) => "dataset" in curve;

// A mixture `2H:98` keeps its colon as a tilde
/** @param {string} text */
const escape = (text) => encodeURIComponent(text).replaceAll("~", "%7E").replaceAll("%3A", "~");
/** @param {string} text */
function unescape(text) {
    try {
        return decodeURIComponent(text.replaceAll("~", ":"));
    } catch {
        return null;
    }
}

/** @param {Curve} curve */
export function encode(curve) {
    if (isData(curve)) return `${DATA}:${curve.dataset}`;
    const parts = Object.entries(curve.values).map(([name, value]) => `${name}=${escape(value)}`);
    return [curve.prediction, curve.instrument, ...parts].join(":");
}

/** @param {readonly Curve[]} curves */
export const encodeAll = (curves) => curves.map(encode).join(",");

/** Read a curve; null if the text is none. @param {string} text @returns {Curve | null} */
export function decode(text) {
    const [id = "", second = "", ...rest] = text.split(":");
    if (id === DATA) return ID.test(second) && !rest.length ? { dataset: second } : null;
    if (!ID.test(id) || !NAME.test(second)) return null;
    /** @type {[string, string][]} */
    const values = [];
    for (const part of rest) {
        const cut = part.indexOf("=");
        const [name, value] = [part.slice(0, cut), unescape(part.slice(cut + 1))];
        if (cut < 1 || !NAME.test(name) || value === null || value.length > MAX_TEXT) return null;
        values.push([name, value]);
    }
    return { prediction: id, instrument: second, values: Object.fromEntries(values) };
}

/**
 * Read the curves of an address: nobody vouches for it, so what is no curve is left out.
 * @param {string | undefined} text
 * @returns {Curve[]}
 */
export const decodeAll = (text) =>
    (text ?? "").split(",", 4 * MAX_CURVES).map(decode).filter((one) => one !== null).slice(0, MAX_CURVES);

/**
 * Return the view of a forecast, as `POST /figures` takes it.
 * @param {Forecast} curve
 * @param {any} prediction as the API gives it
 * @param {Record<string, {geometry: string, defaults: Record<string, any>}>} instruments with defaults for its structure
 * @param {string | number | null} [at] where the cut of a crystal is: special point, or index of the wave vector
 */
export function viewOf({ instrument, values }, prediction, instruments, at = null) {
    const settings = instruments[instrument]?.defaults ?? {};
    const named = Object.entries(values).map(([name, value]) => [name in settings ? `${instrument}.${name}` : name, value]);
    const context = /** @type {import("../forecast/view.js").Context} */ (/** @type {unknown} */ ({ instruments }));
    const source = /** @type {import("../forecast/view.js").Prediction} */ (/** @type {unknown} */ ({
        method: prediction.method, sampling: prediction.sampling, zones: prediction.options.zones ?? [],
        n_orders: prediction.method === "harmonic" ? prediction.options.n_orders ?? 0 : 0,
        species: prediction.provenance?.species ?? [],
    }));
    const body = spectrumBody({ values: { ...DEFAULTS, ...Object.fromEntries(named) }, context }, instrument, source, at);
    return { ...body, prediction_id: prediction.id, ...(values[COLOUR] ? { colour: `#${values[COLOUR]}` } : {}) };
}

/**
 * Return the address of a comparison of the curves that the forecast page shows.
 * @param {import("../forecast/view.js").View} view
 * @param {Values} defaults of the page
 * @param {import("../forecast/waves.js").CutPlace | null} [cut] of a crystal
 */
export function addressOf(view, defaults, cut = null) {
    const { values, context } = view;
    const changed = difference(values, defaults);
    /** @param {string[]} names */
    const switches = (names) => Object.entries(changed).filter(([name]) => names.includes(name) || name.startsWith("iso."));
    const names = cut ? [...SWITCHES, ...CRYSTAL_SWITCHES].filter((name) => !POWDER_SWITCHES.includes(name)) : SWITCHES;
    const point = cut?.point ? [["point", cut.point]] : [];
    const shown = succeeded(context).filter((one) => hasZone(values, one) && !cut?.lacking.includes(one.id));
    const curves = shown.flatMap((prediction) => instrumentsOf(values).map((instrument) => {
        const usual = context.instruments[instrument]?.defaults ?? {};
        const settings = Object.entries(settingsOf(view, instrument)).filter(([name, value]) => value !== usual[name]);
        const others = switches(instrument === IDEAL ? [...names, ...IDEAL_SWITCHES] : names).filter(([, value]) => value !== "");
        return encode({
            prediction: prediction.id, instrument,
            values: Object.fromEntries([...settings.map(([name, value]) => [name, String(value)]), ...others, ...point]),
        });
    }));
    const datasets = (values.datasets ?? "").split(",").filter(Boolean).map((dataset) => encode({ dataset }));
    const along = Object.entries(changed).filter(([name]) => PAGE_SWITCHES.includes(name));
    return `/compare?${query({ curves: [...curves, ...datasets].slice(0, MAX_CURVES).join(","), ...Object.fromEntries(along) })}`;
}
