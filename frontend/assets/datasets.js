// The user's own data: the list of them, which are drawn, and the instrument that comes along with them.
(function () {
    "use strict";

    const { call, save, fileName, FORMATS, cells } = window.beamcast;
    const { element, icon, count, plain } = cells;
    const skip = () => window.dash_clientside.no_update;
    const set = (id, props) => window.dash_clientside.set_props(id, props);
    const place = (id) => document.getElementById(id);
    const CHOSEN = { type: "data-chosen", name: "datasets" };

    let seeded = null; // the page's context
    let known = new Map();
    let ids = []; // drawn
    let now = null;
    let following = null;
    const changed = new Map(); // id → how often it was edited here: the same id then stands for other data

    function seed(context) {
        if (seeded === context) { return; }
        seeded = context;
        known = new Map(context.datasets.map((one) => [one.id, one]));
        following = null;
        window.beamcast.datasetCard.arrive();
    }

    const of = (view, kind) => (view.datasets || []).map((id) => known.get(id)).filter((one) => one && one.kind === kind);
    const drawn = (view) => of(view, "1d");
    const maps = (view) => of(view, "2d");
    const stamp = () => JSON.stringify(Array.from(changed));

    // Words of a dataset

    function instrumentWords({ instrument, settings }) {
        if (!instrument) { return null; }
        const label = (seeded.instruments[instrument] || {}).label || instrument;
        const energy = (settings || {}).e_init;
        return energy ? label + " with Eᵢ = " + plain(energy, 4) + " meV" : label;
    }

    const range = ([low, high], unit) => plain(low, 3) + " to " + plain(high, 3) + " " + unit;

    function words(one) {
        return [
            instrumentWords(one),
            one.kind === "2d" ? "map, |q| " + range(one.q_range_inv_angstrom, "Å⁻¹") : null,
            range(one.energy_range_mev, "meV") + (one.x_unit === "meV" ? "" : " (file in " + unitName(one.x_unit) + ")"),
            count(one.n_points) + (one.kind === "2d" ? " values" : " points") + (one.has_errors ? " with errors" : ", no errors"),
            ...[["temperature_k", "K"], ["mass_g", "g"], ["exposure_uah", "µA h"], ["exposure_h", "h"]].map(([name, unit]) =>
                (one[name] === null ? null : plain(one[name], 4) + " " + unit)),
        ].filter(Boolean).join(" · ");
    }

    const unitName = (unit) => (seeded.data_words.units[unit] || unit).replace(/ \(.*/, "");

    // The list

    function button(text, label, press, symbol) {
        return element("button", { type: "button", class: "link-button", "aria-label": label, onclick: press },
            symbol ? icon(symbol, 13) : null, text);
    }

    function row(one) {
        const box = element("input", {
            type: "checkbox", id: "data-show-" + one.id, checked: ids.includes(one.id),
            onchange: (event) => (event.target.checked ? choose(one.id) : leave(one.id)),
        });
        const name = element("label", { for: box.id, class: "data-name" }, one.name);
        const original = element("a", {
            class: "link-button", href: "/api/v1/datasets/" + one.id + "/file", download: "",
            "aria-label": "Original file of " + one.name, title: one.filename,
        }, icon("download", 13), "Original");
        const remove = button("Delete", "Delete " + one.name, () => window.beamcast.askToDelete(
            { what: "dataset", id: one.id },
            { title: "Delete “" + one.name + "”?", text: "The measured data and their file go. This cannot be undone." }), "trash");
        remove.classList.add("is-quiet");
        return element("li", { class: "data-row", "data-dataset": one.id },
            box,
            element("div", { class: "data-what" }, name, element("div", { class: "quiet small" }, words(one))),
            element("div", { class: "data-actions" },
                button("Edit", "Edit " + one.name, () => window.beamcast.datasetCard.edit(one)),
                ...Object.keys(FORMATS).map((format) => button(format.toUpperCase(), one.name + " as " + format.toUpperCase(),
                    () => download(one, format), "download")),
                original,
                remove));
    }

    function render() {
        const at = place("data-list");
        if (!at || !seeded) { return; }
        const all = Array.from(known.values());
        const here = (one) => one.structure_id === seeded.structure.id;
        const own = all.filter(here);
        const others = all.filter((one) => !here(one));
        const list = (rows) => element("ul", { class: "data-rows" }, rows.map(row));
        at.replaceChildren(...[
            own.length ? list(own) : null,
            others.length ? element("details", { class: "data-others", open: others.some((one) => ids.includes(one.id)) },
                element("summary", {}, "Measured on other samples (" + others.length + ")"), list(others)) : null,
        ].filter(Boolean));
    }

    // Called when the page comes, with what its address says.
    function list(context, chosen) {
        if (!context || !place("data-list")) { return skip(); }
        seed(context);
        ids = chosen || [];
        render();
        return skip();
    }

    function say(text, isProblem) {
        set("data-message", { children: text, className: text ? (isProblem ? "inline-problem" : "quiet small") : "" });
    }

    async function download(one, format) {
        try {
            const response = await call("/datasets/" + one.id + "/data", { headers: { Accept: FORMATS[format].accept } });
            await save(response, fileName("beamcast", one.name) + FORMATS[format].suffix);
            say(null);
        } catch (problem) {
            say(problem.text || String(problem), true);
        }
    }

    // What is drawn

    function draw(chosen) {
        ids = chosen;
        ids.forEach((id) => { const box = place("data-show-" + id); if (box) { box.checked = true; } });
        set(CHOSEN, { data: ids });
    }

    function choose(id) {
        if (ids.includes(id)) { return; }
        draw([...ids, id]);
        follow(known.get(id));
    }

    function leave(id) {
        draw(ids.filter((one) => one !== id));
        if (told && told.of === id) { tell(null); }
    }

    // The forecast through the instrument that the data were measured on: once, when they are chosen, and told.
    let told = null;

    function tell(what) {
        told = what;
        const at = place("data-followed");
        if (!at) { return; }
        at.replaceChildren(...(what ? what.words : []));
    }

    function follow(one) {
        tell(null);
        if (!one || !one.instrument || !now || now.view.instruments.includes(one.instrument)) { return; }
        if (!seeded.instruments[one.instrument]) { return; }
        if (Object.keys(one.settings || {}).length) { following = { instrument: one.instrument, settings: one.settings }; }
        set("instruments", { value: [...now.view.instruments, one.instrument] });
        const undo = element("button", {
            type: "button", class: "link-button inline",
            onclick: () => {
                following = null;
                set("instruments", { value: now.view.instruments.filter((name) => name !== one.instrument) });
                tell(null);
            },
        }, "Undo");
        tell({ of: one.id, words: [instrumentWords(one) + " is shown, too: “" + one.name + "” was measured there. ", undo] });
    }

    // Its settings: in the view at once, in its controls as soon as they are there.
    function followed(view, controls) {
        if (!following) { return; }
        const { instrument, settings } = following;
        if (!view.instruments.includes(instrument)) { return; }
        view.coming = { [instrument]: { ...seeded.instruments[instrument].defaults, ...settings } };
        const there = controls.filter(([id]) => id.instrument === instrument);
        if (!there.length) { return; }
        following = null;
        there.filter(([id]) => id.name in settings).forEach(([id]) => {
            set(id, { value: id.type === "choice" ? String(settings[id.name]) : settings[id.name] });
        });
    }

    // Rows that come, change and go

    function kept(one, isNew) {
        known = isNew ? new Map([[one.id, one], ...known]) : known.set(one.id, one);
        changed.set(one.id, (changed.get(one.id) || 0) + 1);
        render();
        if (isNew) { choose(one.id); } else { window.beamcast.lookAgain(); }
    }

    function gone(id) {
        known.delete(id);
        leave(id);
        render();
        window.beamcast.datasetCard.forget(id);
    }

    let shown = null;

    function look(looking) {
        if (!looking.view.datasets) { return; }
        seed(looking.context);
        now = looking;
        const any = drawn(now.view).length > 0;
        if (shown === null || shown.any !== any || shown.context !== seeded) {
            shown = { any, context: seeded };
            set("data-tools", { hidden: !any });
        }
        window.beamcast.datasetCard.restyle(now.theme);
    }

    window.beamcast.datasets = { context: () => seeded, look, drawn, maps, stamp, followed, kept, gone, say, instrumentWords, unitName, range };
    window.dash_clientside = Object.assign({}, window.dash_clientside, { datasets: { list } });
})();
