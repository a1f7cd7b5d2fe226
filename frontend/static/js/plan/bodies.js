// @ts-check
// What a plan is made for, as the API takes it, and quantities of plans as text. Pure functions of the form's values.

import { significant } from "../format.js";
import { isotopesOf, override } from "../kit/controls.js";

/** @typedef {import("../state.js").Values} Values */
/** @typedef {[number, number]} Pair meV */
/** @typedef {import("../../../types/api").components["schemas"]} Schemas */
/** @typedef {Schemas["SettingOut"]} Setting a ranked setting */
/** @typedef {{instrument: string, settings: Record<string, any>}} PlainSetting */

const MAX_FEATURES = 24;
const MAX_ENERGY_MEV = 5000;
/** Pairs in the address: chosen, and none left. */
const NO_PAIRS = "none";
const HOURS_PER_YEAR = 24 * 365;

/** @param {string | undefined} text @returns {number | null} */
const number = (text) => (text === undefined || text === "" ? null : Number(text));
/** @param {string | undefined} text @returns {string[]} */
export const names = (text) => (text ? text.split(",") : []);

/**
 * Read energies of an address: sorted, in meV, without what cannot be one.
 * @param {string} text
 * @param {string} [separator]
 * @returns {number[]}
 */
export function energies(text, separator = ",") {
    const read = text.split(separator).map(Number).filter((mev) => mev > 0 && mev <= MAX_ENERGY_MEV);
    return [...new Set(read)].sort((one, other) => one - other).slice(0, MAX_FEATURES);
}

/** @param {string} text of the address @returns {number[] | null} null: to be found */
export const chosenFeatures = (text) => (energies(text).length ? energies(text) : null);

/** @param {string} text of the address @returns {Pair[] | null} null: neighbours */
export function chosenPairs(text) {
    if (text === "") return null;
    const read = text.split(",").map((part) => energies(part, "-")).filter((ends) => ends.length === 2);
    return /** @type {Pair[]} */ (read.slice(0, MAX_FEATURES));
}

/** @param {Pair[]} pairs @returns {string} as the address has them */
export const pairsText = (pairs) => pairs.map((pair) => pair.join("-")).join(",") || NO_PAIRS;

/** @param {Values} values */
export const scattering = (values) => ({
    prediction_id: values.predictions, isotopes: isotopesOf(values), energy_scale: number(values.energy_scale) ?? 1,
});

/** @param {Values} values */
export function sample(values) {
    const { form, geometry, amount = "scatterer_percent", material } = values;
    const density = number(values.density_g_cm3);
    return {
        form, geometry, width_mm: number(values.width_mm), height_mm: number(values.height_mm), packing: number(values.packing),
        container: { material, wall_mm: number(values.wall_mm) }, [amount]: number(values[amount]),
        ...(density === null ? {} : { density_g_cm3: density }),
    };
}

/** @param {Values} values */
const target = (values) => Object.fromEntries(
    ["signal_to_noise", "q_slices", "source_power", "beam_current", "background"].map((name) => [name, number(values[name])]));

/** Own measured data, and counts of standards. @param {Values} values */
const calibrations = (values) => [
    ...names(values.calibrations).map((id) => ({ dataset_id: id })), ...names(values.standards).map((id) => ({ calibration_id: id })),
];

/** @param {Values} values */
export const features = (values) => ({
    ...scattering(values), features_mev: chosenFeatures(values.features ?? "") ?? "auto",
    pairs_mev: chosenPairs(values.pairs ?? "") ?? "adjacent",
});

/** @param {Values} values */
export const plan = (values) => ({
    ...features(values), sample: sample(values), settings: /** @type {"scan" | PlainSetting[]} */ ("scan"),
    constraints: { facilities: names(values.facilities), instruments: names(values.instruments), beam_time_h: number(values.beam_time_h) },
    target: target(values), calibrations: calibrations(values),
});

/**
 * @param {Values} values
 * @param {PlainSetting | null} setting whose transmission is asked for
 * @param {Record<string, import("../kit/controls.js").Nucleus>} [simulated] isotopes of the forecast
 */
export const advice = (values, setting, simulated = {}) => ({
    sample: sample(values), isotopes: override(simulated, isotopesOf(values)), irradiation: { hours: number(values.hours) },
    ...(setting ? plainSetting(setting) : {}),
});

/** @param {Values} values */
export function deuteration(values) {
    const [element = "", isotope] = (values.instead ?? "").split(":");
    return { ...plan(values), most: 3, instead: { [element]: isotope } };
}

/** @param {Values} values @param {PlainSetting} setting @param {number} hours */
export const measurement = (values, setting, hours) => ({
    ...scattering(values), sample: sample(values), setting: plainSetting(setting), hours, target: target(values),
    calibrations: calibrations(values), bin_mev: number(values.bin_mev), seed: Number(values.seed) || 1,
});

/**
 * @param {Values} entries of the dialog
 * @param {Values[]} bands
 * @param {Record<string, any>} settings of the instrument
 * @param {string} prediction the forecast of the plan
 */
export const calibration = (entries, bands, settings, prediction) => ({
    settings, standard: entries.standard, mass_g: number(entries.mass_g),
    ...(entries.standard === "forecast" ? { prediction_id: prediction } : { temperature_k: number(entries.temperature_k) ?? 300 }),
    bands: bands.map((band) => Object.fromEntries(Object.entries(band).map(([name, value]) => [name, number(value)]))),
    relative_uncertainty: entries.relative_uncertainty ? Number(entries.relative_uncertainty) / 100 : null,
    source: entries.source, entered_by: entries.entered_by ?? "", measured_on: entries.measured_on || null,
});

/** @param {PlainSetting} setting @returns {PlainSetting} */
export const plainSetting = ({ instrument, settings }) => ({ instrument, settings });

/**
 * Return the hours of a simulated measurement: as set, or those of the setting, rounded up to what is asked for.
 * @param {Values} values
 * @param {Pick<Setting, "hours"> | null} setting
 */
export const measuredHours = (values, setting) => number(values.measured_h) ?? suggestedHours(setting?.hours ?? null);

/** @param {number | null} hours */
export function suggestedHours(hours) {
    if (hours === null) return 12;
    if (hours < 1) return Math.max(0.1, Math.ceil(10 * hours) / 10);
    return Math.min(1e5, hours < 10 ? Math.ceil(2 * hours) / 2 : Math.ceil(hours));
}

/** Return beam time as text: minutes below an hour, two digits above. @param {number | null | undefined} hours */
export function hoursText(hours) {
    if (hours === null || hours === undefined) return "—";
    if (hours < 1 / 60) return "< 1 min";
    if (Math.round(60 * hours) < 60) return `${Math.round(60 * hours)} min`;
    if (hours < 96) return `${significant(hours, 2)} h`;
    return hours < HOURS_PER_YEAR ? `${significant(hours / 24, 2)} days` : "> 1 year";
}

/**
 * @param {{hours: number | null, hours_low: number | null, hours_high: number | null}} time
 * @returns {string} "3.2 h to 10 h"; empty without a band
 */
export function bandText({ hours, hours_low: low, hours_high: high }) {
    if (hours === null || low === null || high === null) return "";
    const [from, to] = [hoursText(low), hoursText(high)];
    return from === to ? "" : `${from} to ${to}`;
}

/** @param {Setting} setting */
export function timeText({ hours, basis }) {
    if (hours !== null) return hoursText(hours);
    return basis === "relative" ? "not known" : "never";
}
