// A file of measured data on its way in: read by the API, looked at, confirmed, kept. The same card edits what is kept.
(function () {
    "use strict";

    const { call, newestOnly, cells, previewFigure } = window.beamcast;
    const { element, count } = cells;
    const skip = () => window.dash_clientside.no_update;
    const set = (id, props) => window.dash_clientside.set_props(id, props);
    const place = (id) => document.getElementById(id);
    const say = (text, isProblem) => window.beamcast.datasets.say(text, isProblem);

    // What is on the card: { file, answer, content, fields } of a new file, { id, one } of kept data.
    let open = null;

    // Fields

    const number = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

    // Numbers that change nothing of the data: field, control, and the API's name.
    const OF_RUN = [
        ["temperature", "temperature", "temperature_k"], ["charge", "exposure-uah", "exposure_uah"],
        ["hours", "exposure-h", "exposure_h"], ["mass", "mass", "mass_g"],
    ];
    const CONTROLS = {
        name: "name", unit: "unit", instrument: "instrument", fixed: "fixed-energy",
        ...Object.fromEntries(OF_RUN.map(([field, id]) => [field, id])),
    };
    const ALL_FIELDS = ["spectrum", ...Object.values(CONTROLS)];
    const ofRun = (make) => Object.fromEntries(OF_RUN.map(([field, , name]) => [field, make(field, name)]));
    const same = (one, other) => (one ?? null) === (other ?? null);

    // Puts into the fields what is not there: who types meanwhile is not disturbed.
    function fill(fields, before) {
        open.fields = fields;
        Object.entries(CONTROLS).filter(([field]) => !before || !same(before[field], fields[field])).forEach(([field, id]) => {
            const empty = ["name", "unit", "instrument"].includes(field) ? null : "";
            set("data-" + id, { value: fields[field] ?? empty, error: null });
        });
        showFixed(fields);
    }

    // A wavelength needs it; so does what the API says needs it.
    function showFixed(fields, needed) {
        open.needsFixed = open.needsFixed || needed || false;
        const shown = fields.unit === "angstrom" || fields.fixed !== null || open.needsFixed;
        set("data-fixed-energy-field", { hidden: !shown });
    }

    function catalogued(name, context) {
        const same = (one) => one.toLowerCase() === String(name || "").toLowerCase();
        return Object.keys(context.instruments).find((one) => same(one) && context.instruments[one].geometry) || null;
    }

    const FIELDS = {
        x_unit: "unit", fixed_energy_mev: "fixed-energy", name: "name", instrument: "instrument", spectrum: "spectrum",
        ...Object.fromEntries(OF_RUN.map(([, id, name]) => [name, id])),
    };
    const fieldOf = (error) => FIELDS[String(error.loc).split(".").pop()];

    // What is wrong stands at the field that it is about; what is left is said below.
    function mark(errors) {
        const told = errors.filter(fieldOf);
        told.forEach((error) => {
            if (fieldOf(error) === "fixed-energy") { showFixed(open.fields, true); }
            const missing = fieldOf(error) === "unit" && !open.fields.unit;
            set("data-" + fieldOf(error), { error: missing ? "The file does not tell it: choose." : error.msg });
        });
        return errors.filter((error) => !fieldOf(error));
    }

    function complain(problem) {
        const errors = problem.errors || [];
        const rest = mark(errors);
        set("data-problem", { children: errors.length && !rest.length ? null : problem.text || String(problem) });
    }

    function unmark() {
        ALL_FIELDS.forEach((field) => set("data-" + field, { error: null }));
        set("data-problem", { children: null });
    }

    // Facts, words and the small figure

    const fact = (name, value) => element("div", {}, element("dt", {}, name), element("dd", {}, value));

    function tellFacts(rows, warnings) {
        place("data-facts").replaceChildren(...rows.filter(([, value]) => value).map(([name, value]) => fact(name, value)));
        const list = warnings.map((word) => element("li", {}, word));
        place("data-warnings").replaceChildren(...(list.length ? [element("ul", { class: "data-words small" }, list)] : []));
    }

    function tellContent(answer, content) {
        const { range, unitName } = window.beamcast.datasets;
        const words = open.context.data_words;
        const by = content.recognised_by ? ", told by " + content.recognised_by : "";
        const unit = !content.x_unit ? "not told by the file"
            : unitName(content.x_unit) + (content.x_unit === open.told ? by : ", as you say");
        tellFacts([
            ["Format", words.formats[answer.format] || answer.format],
            ["Title", content.title],
            ["Energy axis", unit],
            ["Intensity", content.y_unit],
            [content.kind === "2d" ? "Values" : "Points", count(content.n_points) + (content.has_errors ? ", with errors" : ", without errors")],
            ["Energies", content.energy_range_mev && content.x_unit ? range(content.energy_range_mev, "meV") : null],
            ["|q|", content.q_range_inv_angstrom ? range(content.q_range_inv_angstrom, "Å⁻¹") : null],
        ], content.warnings || []);
    }

    function drawPreview(shown) {
        open.shown = shown;
        const there = shown && (shown.curve || shown.map);
        set("data-preview", { figure: there ? previewFigure(shown, open.theme) : window.beamcast.figures.blank() });
        set("data-preview-message", { children: there ? null : open.fields.unit ? "Appears when what is marked is filled in." : "Choose the unit of the energy axis to see the data." });
    }

    function restyle(theme) {
        if (!open || open.theme === theme) { return; }
        open.theme = theme;
        if (open.shown) { drawPreview(open.shown); }
    }

    // Opening and closing

    function appear(title, keepLabel, discardLabel) {
        set("data-card", { hidden: false });
        set("data-drop", { hidden: true });
        set("data-card-title", { children: title });
        set("data-keep", { children: keepLabel, loading: false });
        set("data-discard", { children: discardLabel });
        window.setTimeout(() => {
            const card = place("data-card");
            if (card && open) {
                card.focus({ preventScroll: true });
                card.scrollIntoView({ block: "nearest" });
            }
        }, 60);
    }

    function close() {
        read.stop();
        open = null;
        if (!place("data-card")) { return; }
        set("data-card", { hidden: true });
        set("data-drop", { hidden: false });
        set("data-problem", { children: null });
        set("data-stated", { data: null });
        say(null);
        window.setTimeout(() => { const again = place("data-choose"); if (again && !open) { again.focus({ preventScroll: true }); } }, 60);
    }

    // Reading a new file

    function formOf(file, { spectrum, unit, instrument, fixed }) {
        const form = new FormData();
        form.append("file", file, file.name);
        const put = (name, value) => { if (value !== null && value !== undefined && value !== "") { form.append(name, value); } };
        put("spectrum", spectrum);
        put("x_unit", unit);
        put("instrument", instrument);
        put("fixed_energy_mev", fixed);
        return form;
    }

    const read = newestOnly(async ({ asked, said }, signal) => {
        const { file, context } = open;
        const first = !open.answer;
        if (first) { say("Reading " + file.name + " …"); } else { place("data-card").setAttribute("aria-busy", "true"); }
        try {
            const response = await call("/datasets/preview", { method: "POST", body: formOf(file, said), signal });
            const answer = await response.json();
            if (signal.aborted || !place("data-card")) { return; }
            say(null);
            unmark();
            show(answer, asked, said, context, first);
        } catch (problem) {
            if (signal.aborted) { return; }
            if (first) {
                say(file.name + " could not be used. " + (problem.text || String(problem)), true);
                open = null;
            } else {
                complain(problem);
            }
        } finally {
            if (!signal.aborted && place("data-card")) { place("data-card").removeAttribute("aria-busy"); }
        }
    });

    // Titles that programs give where nobody has given one.
    const NAMELESS = /^(reduced|entry|data|spectrum \d+|mantid_workspace_\d+)?$/i;
    const stem = (name) => name.replace(/\.[^.]+$/, "");

    function show(answer, asked, said, context, first) {
        const several = answer.contents.length > 1;
        const content = answer.contents.find((one) => one.index === Number(asked.spectrum)) || answer.contents[0];
        const title = NAMELESS.test(content.title) && !several ? "" : content.title;
        const suggested = several ? [stem(open.file.name), title || "no. " + (content.index + 1)].join(", ") : title || stem(open.file.name);
        const untouched = first || asked.name === open.suggested;
        open.answer = answer;
        open.suggested = suggested;
        if (first) { appear(open.file.name, "Keep", "Discard"); }
        set("data-spectrum-field", { hidden: !several });
        set("data-spectrum", {
            data: answer.contents.map((one) => ({
                value: String(one.index), label: (one.title || "No. " + (one.index + 1)) + (one.kind === "2d" ? " (map)" : ""),
            })),
            value: String(content.index),
        });
        const moved = first || asked.spectrum !== open.spectrum;
        open.spectrum = String(content.index);
        if (!said.unit) { open.told = content.x_unit_recognised ? content.x_unit : null; }
        const stated = catalogued(content.instrument, context);
        const conditions = { instrument: stated, settings: content.settings || {} };
        if (first || (moved && JSON.stringify(conditions) !== JSON.stringify(open.conditions))) {
            open.conditions = conditions;
            set("data-stated", { data: conditions });
        }
        // What the file does not say of another of its spectra stays as the user has said it.
        const before = first ? {} : asked;
        fill({
            name: untouched ? suggested : before.name,
            spectrum: String(content.index),
            unit: content.x_unit || before.unit || null,
            instrument: (moved && stated) || before.instrument || null,
            fixed: (moved ? number(content.fixed_energy_mev) : null) ?? before.fixed ?? null,
            ...ofRun((field, name) => (moved ? number(content[name]) : null) ?? before[field] ?? null),
        }, first ? null : before);
        const rest = mark(content.problems || []);
        set("data-problem", { children: rest.map((one) => one.msg).join(" ") || null });
        tellContent(answer, content);
        drawPreview(content);
    }

    function take(files) {
        const context = (window.beamcast.datasets.context || (() => null))();
        if (!files || !files.length || !context) { return; }
        if (open) {
            say("Keep or discard what is on the card first.", true);
            return;
        }
        open = { file: files[0], context, answer: null, spectrum: null, theme: document.documentElement.dataset.mantineColorScheme };
        read({ asked: {}, said: {} });
        if (files.length > 1) { say("One file at a time: " + files[0].name + " is read first."); }
    }

    const runOf = (values) => Object.fromEntries(OF_RUN.map(([field], at) => [field, number(values[at])]));

    // Called when a field changes that says how the file is to be read.
    function again(spectrum, unit, instrument, fixed, name, ...run) {
        if (!open || !open.fields) { return skip(); }
        const before = open.fields;
        const asked = { spectrum, unit, instrument: instrument || null, fixed: number(fixed), name, ...runOf(run) };
        open.fields = asked;
        showFixed(asked);
        if (!open.file || ["spectrum", "unit", "instrument", "fixed"].every((field) => same(before[field], asked[field]))) { return skip(); }
        // Another spectrum of the file may tell these of its own.
        const moved = spectrum !== before.spectrum;
        const said = { spectrum, unit: unit === open.told || (moved && open.told) ? null : unit };
        if (!moved || !open.conditions.instrument) { said.instrument = asked.instrument; }
        if (!moved || open.answer.contents.every((one) => one.fixed_energy_mev === null)) { said.fixed = asked.fixed; }
        read({ asked, said });
        return skip();
    }

    // Editing

    async function edit(one) {
        if (open) {
            say("Keep or discard what is on the card first.", true);
            return;
        }
        const context = window.beamcast.datasets.context();
        const { range } = window.beamcast.datasets;
        open = { id: one.id, one, context, theme: document.documentElement.dataset.mantineColorScheme };
        appear("Edit " + one.name, "Save", "Cancel");
        unmark();
        set("data-spectrum-field", { hidden: true });
        set("data-stated", { data: { instrument: one.instrument, settings: one.settings || {} } });
        fill({ name: one.name, spectrum: null, unit: one.x_unit, instrument: one.instrument, fixed: number(one.fixed_energy_mev),
            ...ofRun((field, name) => number(one[name])) });
        tellFacts([
            ["File", one.filename],
            ["Format", context.data_words.formats[one.format] || one.format],
            ["Title", one.title],
            ["Energies", range(one.energy_range_mev, "meV")],
            ["|q|", one.q_range_inv_angstrom ? range(one.q_range_inv_angstrom, "Å⁻¹") : null],
        ], one.warnings || []);
        drawPreview(null);
        set("data-preview-message", { children: "Reading the data …" });
        const mine = open;
        try {
            const data = await (await call("/datasets/" + one.id + "/data", { headers: { Accept: "application/json" } })).json();
            if (open === mine) { drawPreview(one.kind === "2d" ? { map: data } : { curve: data }); }
        } catch (problem) {
            if (open === mine) { complain(problem); }
        }
    }

    // Keeping

    function settingsOf(instrument, values, ids, context) {
        const found = {};
        if (!instrument) { return found; }
        const { properties } = context.instruments[instrument];
        ids.forEach((id, at) => {
            const schema = properties[id.name];
            const value = values[at];
            if (!schema || value === null || value === undefined || value === "") { return; }
            found[id.name] = schema.enum ? schema.enum.find((option) => String(option) === String(value)) : value;
        });
        return found;
    }

    // The same request again, after a lost connection, makes no second dataset.
    const keys = { of: null, key: null };
    function keyOf(text) {
        if (keys.of !== text) {
            const bytes = crypto.getRandomValues(new Uint8Array(16));
            Object.assign(keys, { of: text, key: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") });
        }
        return keys.key;
    }

    function createNew(said, spectrum) {
        const form = formOf(open.file, { spectrum, unit: said.x_unit, instrument: said.instrument, fixed: said.fixed_energy_mev });
        form.append("name", said.name);
        form.append("format", open.answer.format);
        form.append("settings", JSON.stringify(said.settings));
        form.append("structure_id", open.context.structure.id);
        OF_RUN.filter(([, , name]) => said[name] !== null).forEach(([, , name]) => form.append(name, said[name]));
        const { file } = open;
        const key = keyOf(JSON.stringify([file.name, file.size, file.lastModified, open.context.structure.id, spectrum, said]));
        return call("/datasets", { method: "POST", body: form, headers: { "Idempotency-Key": key } });
    }

    function change(said) {
        return call("/datasets/" + open.id, {
            method: "PATCH", headers: { "Content-Type": "application/json" }, body: JSON.stringify(said),
        });
    }

    async function keep(clicks, name, spectrum, unit, instrument, fixed, temperature, charge, hours, mass, values, ids, context) {
        if (!clicks || !open) { return skip(); }
        if (!unit) {
            set("data-unit", { error: "Choose the unit of the energy axis." });
            return skip();
        }
        if (!(name || "").trim()) {
            set("data-name", { error: "Give it a name." });
            return skip();
        }
        const said = {
            name: name.trim(), x_unit: unit, instrument: instrument || null,
            settings: settingsOf(instrument, values, ids, context), fixed_energy_mev: number(fixed),
            ...Object.fromEntries(OF_RUN.map(([, , api], at) => [api, number([temperature, charge, hours, mass][at])])),
        };
        const mine = open;
        const isNew = Boolean(open.file);
        unmark();
        set("data-keep", { loading: true });
        try {
            const response = await (isNew ? createNew(said, spectrum) : change(said));
            const one = await response.json();
            if (open === mine) { close(); }
            if (context === window.beamcast.datasets.context()) { window.beamcast.datasets.kept(one, isNew); }
        } catch (problem) {
            if (open === mine) { complain(problem); }
        }
        return false;
    }

    function discard(clicks) {
        if (clicks) { close(); }
        return skip();
    }

    const forget = (id) => { if (open && open.id === id) { close(); } };

    // Files come by the button, or dropped anywhere on the page.

    const input = element("input", { type: "file", id: "data-file", tabindex: "-1", "aria-label": "File", hidden: true });
    document.body.append(input);
    input.addEventListener("change", () => {
        take(Array.from(input.files));
        input.value = ""; // the mended file of the same name counts as a change
    });
    document.addEventListener("click", (event) => {
        if (event.target.closest && event.target.closest("#data-drop")) { input.click(); }
    });

    const carriesFiles = (event) => place("data-drop") && Array.from((event.dataTransfer || {}).types || []).includes("Files");
    const highlight = (over) => { const zone = place("data-drop"); if (zone) { zone.classList.toggle("is-over", over); } };
    document.addEventListener("dragover", (event) => {
        if (carriesFiles(event)) { event.preventDefault(); highlight(true); }
    });
    document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) { highlight(false); } });
    document.addEventListener("drop", (event) => {
        if (!carriesFiles(event)) { return; }
        event.preventDefault();
        highlight(false);
        take(Array.from(event.dataTransfer.files));
    });

    // Another page, another card.
    function arrive() {
        read.stop();
        open = null;
    }

    window.beamcast.datasetCard = { edit, forget, restyle, arrive };
    window.dash_clientside = Object.assign({}, window.dash_clientside, { datasetCard: { again, keep, discard } });
})();
