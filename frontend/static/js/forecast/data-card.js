// @ts-check
// The card of measured data: a file is read by the API, looked at, completed and saved; saved data are edited.

import { get, newestOnly, newKey, send, upload } from "../api.js";
import { integer } from "../format.js";
import { byId, careBox, element, facts, fill } from "../kit/dom.js";
import { Figure } from "../kit/figure.js";
import { clearProblems, showAtField, showProblem } from "../kit/problems.js";
import { previewFigure } from "./data-preview.js";
import { fileUnit, range, WORDS } from "./data.js";
import { displayName, numberOf } from "./view.js";

/** @typedef {import("../../../types/api").components["schemas"]["PreviewOut"]} Preview */
/** @typedef {import("../../../types/api").components["schemas"]["ContentOut"]} Content */
/** @typedef {import("./data.js").Dataset} Dataset */
/** @typedef {Record<string, string>} Fields name → text of a control; empty if not stated */
/** @typedef {{saved: (one: Dataset) => void, dataset?: Dataset, file?: File, preview?: Preview}} Subject */

/** Fields that change how a file is read. */
const READING = ["spectrum", "x_unit", "instrument", "fixed_energy_mev"];
const NUMBERS = ["fixed_energy_mev", "temperature_k", "mass_g", "exposure_uah", "exposure_h"];
const SETTING = "settings.";
/** Titles that programs give where nobody has given one. */
const NO_TITLE = /^(reduced|entry|data|spectrum \d+|mantid_workspace_\d+)?$/i;

/** @type {Card | null} */
let current = null;

/** @param {string} text why something is not done while the card is open */
export const refuse = (text) => current?.complain(text);

/** Open the card for a new file, or for saved data. @param {import("./page.js").Page} page @param {Subject} subject */
export function openCard(page, subject) {
    current = new Card(page, subject);
    void current.open();
}

/** @param {any} value */
const textOf = (value) => (value === null || value === undefined ? "" : String(value));

class Card {
    /** @param {import("./page.js").Page} page @param {Subject} subject */
    constructor({ context }, subject) {
        this.context = context;
        this.subject = subject;
        document.body.append(document.importNode(/** @type {HTMLTemplateElement} */ (byId("data-card")).content, true));
        this.dialog = /** @type {HTMLDialogElement} */ (document.body.lastElementChild);
        this.form = /** @type {HTMLFormElement} */ (this.dialog.querySelector("form"));
        this.figure = new Figure(byId("measured-data"));
        /** What the file states of the selected spectrum, and the name suggested for it. */
        this.stated = { spectrum: "", name: "", unit: "", instrument: "", settings: /** @type {Record<string, any>} */ ({}) };
        this.read = newestOnly((/** @type {Fields} */ fields, signal) => this.#read(fields, signal));
        this.part("discard").addEventListener("click", () => this.dialog.close());
        // The same request again, after a lost connection, makes no second dataset
        this.form.addEventListener("input", () => { this.key = ""; });
        this.form.addEventListener("change", (event) => this.#changed(/** @type {HTMLInputElement} */ (event.target).name));
        this.form.addEventListener("submit", (event) => {
            event.preventDefault();
            void this.#save();
        });
        this.dialog.addEventListener("close", () => {
            this.read.stop();
            this.figure.clear();
            this.dialog.remove();
            current = null;
        });
    }

    /** @param {string} name @returns {HTMLElement} */
    part(name) {
        return /** @type {HTMLElement} */ (this.dialog.querySelector(`[data-part="${name}"], [data-loc="${name}"]`));
    }

    /** @returns {Fields} */
    get fields() {
        return /** @type {Fields} */ (Object.fromEntries(new FormData(this.form)));
    }

    /** @param {any} problem a refusal, or a text */
    complain(problem) {
        if (typeof problem === "string") {
            fill(this.part("problem"), element("p", { class: "field-error", role: "alert" }, problem));
            return;
        }
        if (JSON.stringify(problem.errors ?? []).includes("fixed_energy_mev")) this.part("fixed_energy_mev").hidden = false;
        showProblem(this.form, this.part("problem"), problem, "The data cannot be used like this");
    }

    async open() {
        const { dataset, file, preview } = this.subject;
        byId("data-card-title").textContent = file?.name ?? `Edit ${dataset?.name}`;
        this.part("save").textContent = file ? "Save data" : "Save changes";
        this.part("discard").textContent = file ? "Discard" : "Cancel";
        this.part("spectrum").hidden = this.part("fixed_energy_mev").hidden = true;
        this.dialog.showModal();
        if (preview) this.#show(preview, this.fields, false);
        if (!dataset) return;
        this.#fill(dataset, this.fields);
        this.#showSettings(dataset.settings ?? {});
        this.#tell(dataset.warnings, dataset, [["File", dataset.filename], ["Format", WORDS.formats[dataset.format] ?? dataset.format], ["Title", dataset.title]]);
        try {
            const data = await get(`/datasets/${dataset.id}/data`);
            if (current === this) await this.figure.draw(previewFigure(dataset.kind === "2d" ? { map: data } : { curve: data }));
        } catch (problem) {
            this.figure.refuse(problem);
        }
    }

    /**
     * Put values into the fields, except where the user has typed something else since the question.
     * @param {Record<string, any>} values
     * @param {Fields} asked
     */
    #fill(values, asked) {
        for (const control of /** @type {Iterable<HTMLInputElement>} */ (this.form.elements)) {
            if (control.name in values && control.value === (asked[control.name] ?? "")) control.value = textOf(values[control.name]);
        }
        if (this.fields.x_unit === "angstrom" || this.fields.fixed_energy_mev) this.part("fixed_energy_mev").hidden = false;
    }

    /** Offer the settings of the instrument; what is not stated stays empty. @param {Record<string, any>} stated */
    #showSettings(stated) {
        const { instrument = "" } = this.fields;
        const controls = instrument ? [...document.querySelectorAll(`#rail-body [name^="${CSS.escape(instrument)}."]`)] : [];
        fill(this.part("settings"), this.part("settings").firstElementChild, ...controls.map((original) => {
            const control = /** @type {HTMLInputElement} */ (original.cloneNode(true));
            const key = control.name.slice(instrument.length + 1);
            const title = (control.getAttribute("aria-label") ?? key).replace(/^[^:]*: /, "");
            control.removeAttribute("aria-label");
            if (control.type !== "number") control.prepend(element("option", { value: "" }, "not stated"));
            Object.assign(control, { name: SETTING + key, placeholder: "not stated", step: "any", value: textOf(stated[key]) });
            return element("label", { class: "field", "data-loc": control.name }, element("span", { class: "field-label" }, title),
                control, element("span", { class: "field-error" }));
        }));
    }

    /**
     * @param {string[]} warnings
     * @param {{energy_range_mev: number[] | null, q_range_inv_angstrom: number[] | null}} ranges
     * @param {[string, string][]} about
     */
    #tell(warnings, { energy_range_mev: energies, q_range_inv_angstrom: q }, about) {
        const all = [...about, ["Energies", energies ? range(energies, "meV") : ""], ["|q|", q ? range(q, "Å⁻¹") : ""]];
        fill(this.part("facts"), facts(/** @type {[string, string][]} */ (all.filter(([, text]) => text)), { class: "facts" }));
        fill(this.part("warnings"), careBox(warnings));
    }

    /** @param {string} name of the control that the user has changed */
    #changed(name) {
        const { instrument, x_unit: unit } = this.fields;
        if (name === "instrument") this.#showSettings(instrument === this.stated.instrument ? this.stated.settings : {});
        if (unit === "angstrom") this.part("fixed_energy_mev").hidden = false;
        if (this.subject.file && READING.includes(name)) void this.read(this.fields);
    }

    /**
     * Read the file anew, with what the user states. What the file itself states is not sent back, so that another of its
     * spectra can state something else.
     * @param {Fields} fields
     * @param {AbortSignal} signal
     */
    async #read(fields, signal) {
        const moved = fields.spectrum !== this.stated.spectrum;
        const said = { ...fields };
        if (said.x_unit === this.stated.unit || (moved && this.stated.unit)) said.x_unit = "";
        if (moved && this.stated.instrument) said.instrument = "";
        if (moved && this.subject.preview?.contents.some((one) => one.fixed_energy_mev !== null)) said.fixed_energy_mev = "";
        this.dialog.setAttribute("aria-busy", "true");
        try {
            this.#show(await upload("/datasets/preview", this.#pick(said, READING), { signal }), fields, Boolean(said.x_unit));
        } catch (problem) {
            if (!signal.aborted) this.complain(problem);
        }
        if (!signal.aborted) this.dialog.removeAttribute("aria-busy");
    }

    /** Return the file and those fields that are filled in. @param {Fields} fields @param {string[]} names */
    #pick(fields, names) {
        const filled = Object.entries(fields).filter(([name, text]) => names.includes(name) && text);
        return { file: /** @type {File} */ (this.subject.file), ...Object.fromEntries(filled) };
    }

    /**
     * Show what the API has read.
     * @param {Preview} preview
     * @param {Fields} asked the fields when it was asked
     * @param {boolean} isUnitSelected whether the user stated the unit
     */
    #show(preview, asked, isUnitSelected) {
        const { contents } = preview;
        const { stated, subject } = this;
        const several = contents.length > 1;
        const content = /** @type {Content} */ (contents.find((one) => String(one.index) === asked.spectrum) ?? contents[0]);
        const spectrum = String(content.index);
        const moved = spectrum !== stated.spectrum;
        subject.preview = preview;
        clearProblems(this.form, this.part("problem"));
        if (!stated.spectrum) {
            this.part("spectrum").hidden = !several;
            fill(byId("card-spectrum"), ...contents.map((one) =>
                element("option", { value: one.index }, (one.title || `No. ${one.index + 1}`) + (one.kind === "2d" ? " (map)" : ""))));
            asked = { ...asked, spectrum };
        }
        const stem = (subject.file?.name ?? "").replace(/\.[^.]+$/, "");
        const name = several ? `${stem}, ${content.title || `no. ${content.index + 1}`}` : NO_TITLE.test(content.title) ? stem : content.title;
        const untouched = asked.name === stated.name;
        const instrument = Object.keys(this.context.instruments).find((one) => one.toLowerCase() === content.instrument?.toLowerCase()) ?? "";
        const settings = content.settings ?? {};
        const conditionsChanged = moved && JSON.stringify([instrument, settings]) !== JSON.stringify([stated.instrument, stated.settings]);
        if (!isUnitSelected) stated.unit = (content.x_unit_recognised && content.x_unit) || "";
        Object.assign(stated, { spectrum, name }, moved ? { instrument, settings } : {});
        // What the file does not state of another of its spectra stays as the user has stated it
        const numbers = Object.fromEntries(NUMBERS.map((key) => [key, (moved ? /** @type {any} */ (content)[key] : null) ?? asked[key]]));
        this.#fill({
            ...numbers, spectrum, name: untouched ? name : asked.name, x_unit: content.x_unit ?? asked.x_unit,
            instrument: (moved && instrument) || asked.instrument,
        }, asked);
        if (conditionsChanged) this.#showSettings(settings);
        this.#showProblems(content);
        this.#suggest(content.suggestions);
        const source = isUnitSelected ? " (selected)" : content.recognised_by && ` (${content.recognised_by})`;
        this.#tell(content.warnings, content, [
            ["Format", WORDS.formats[preview.format] ?? preview.format], ["Title", content.title],
            ["Energy axis", content.x_unit ? fileUnit(content.x_unit) + source : "unit not stated in the file"], ["Intensity", content.y_unit],
            [content.kind === "2d" ? "Values" : "Points", integer(content.n_points) + (content.has_errors ? ", with errors" : ", without errors")],
        ]);
        if (content.curve || content.map) void this.figure.draw(previewFigure(content), spectrum);
        else this.figure.say(content.x_unit ? "" : "Select the unit of the energy axis to see the data.");
    }

    /**
     * Offer what the numbers or the title nearly prove, with one button each; what the user has stated is not questioned.
     * @param {Content["suggestions"]} suggestions
     */
    #suggest(suggestions) {
        const open = suggestions.filter(({ field }) => !this.fields[field]);
        const list = this.part("suggestions");
        list.hidden = !open.length;
        fill(list, ...open.map(({ field, value, message }) => {
            const name = { x_unit: fileUnit, instrument: displayName, temperature_k: (/** @type {string} */ one) => `${one} K` }[field](String(value));
            return element("li", {}, message, " ", element("button",
                { type: "button", class: "link-button", onclick: () => this.#accept(field, String(value)) }, `Use ${name}`));
        }));
    }

    /** State what was suggested. @param {string} field @param {string} value */
    #accept(field, value) {
        const control = /** @type {HTMLInputElement} */ (this.form.elements.namedItem(field));
        control.value = value;
        control.dispatchEvent(new Event("input", { bubbles: true }));
        control.dispatchEvent(new Event("change", { bubbles: true }));
        control.focus();
        const content = this.subject.preview?.contents.find(({ index }) => String(index) === this.stated.spectrum);
        this.#suggest(content?.suggestions ?? []);
    }

    /** Show what must be stated or mended before the data can be saved. @param {Content} content */
    #showProblems({ problems, x_unit: unit }) {
        if (problems.some(({ loc }) => loc === "fixed_energy_mev")) this.part("fixed_energy_mev").hidden = false;
        const rest = problems.filter(({ loc, msg }) =>
            !showAtField(this.form, loc, loc === "x_unit" && !unit ? "Not stated in the file: select one." : msg));
        if (rest.length) this.complain(rest.map((one) => one.msg).join(" "));
    }

    async #save() {
        const fields = this.fields;
        clearProblems(this.form, this.part("problem"));
        if (!fields.x_unit) showAtField(this.form, "x_unit", "Select the unit of the energy axis.");
        if (!fields.name?.trim()) showAtField(this.form, "name", "Enter a name.");
        if (!fields.x_unit || !fields.name?.trim()) return;
        const button = /** @type {HTMLButtonElement} */ (this.part("save"));
        button.disabled = true;
        try {
            const one = await this.#send(fields);
            this.dialog.close();
            this.subject.saved(one);
        } catch (problem) {
            this.complain(problem);
        }
        button.disabled = false;
    }

    /** @param {Fields} fields @returns {Promise<Dataset>} */
    async #send(fields) {
        const { dataset, preview } = this.subject;
        const { defaults = {} } = this.context.instruments[fields.instrument ?? ""] ?? {};
        const settings = Object.fromEntries(Object.entries(fields).filter(([name, text]) => name.startsWith(SETTING) && text)
            .map(([name, text]) => [name.slice(SETTING.length), text])
            .map(([name = "", text = ""]) => [name, typeof defaults[name] === "number" ? Number(text) : text]));
        if (dataset) {
            const numbers = Object.fromEntries(NUMBERS.map((name) => [name, numberOf(fields[name])]));
            const { name, x_unit, instrument } = fields;
            return (await send("PATCH", `/datasets/${dataset.id}`, { name, x_unit, instrument: instrument || null, settings, ...numbers })).json();
        }
        this.key ||= newKey();
        return upload("/datasets", {
            ...this.#pick(fields, ["name", ...READING, ...NUMBERS.slice(1)]),
            format: preview?.format ?? "", settings: JSON.stringify(settings), structure_id: this.context.structure.id,
        }, { key: this.key });
    }
}
