// The forecast page's controls: one `view` object of them all, and its place in the address.
(function () {
    "use strict";

    const skip = () => window.dash_clientside.no_update;
    const DEFAULTS = {
        contribution: "total",
        energy_unit: "meV",
        scale: "linear",
        map_scale: "linear",
        per_element: false,
        banks: false,
        errors: true,
        order: null,
        per_order: false,
        quantum_correction: "harmonic",
        elastic: false,
        kf_over_ki: false,
        energy_scale: 1,
        energy_min: null,
        energy_max: null,
        q_min: null,
        q_max: null,
        probe: "neutron",
        fwhm_mev: 0,
        map_prediction: "latest",
        divide_debye_waller: true,
        divide_q_squared: true,
        zone: null,
        point: null,
        times_energy_squared: false,
        dispersion: true,
        offset: 0,
        dataset_scale: "fit",
    };
    // Of single crystals, where the page of powders has other ones.
    const CRYSTAL_DEFAULTS = { map_scale: "log" };
    const number = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);
    const elementOf = (site) => site.replace(/\d+$/, "");

    // What the controls hold: by id, and by type for those that there are several of, as pairs of id and value.
    function controls() {
        const one = {};
        const many = { isotope: [], "isotope-percent": [], "isotope-share": [], setting: [], entry: [], choice: [], "path-choice": [], "path-switch": [],
            "data-choice": [], "data-chosen": [] };
        window.dash_clientside.callback_context.inputs_list.forEach((item) => {
            if (Array.isArray(item)) {
                item.forEach((each) => many[each.id.type].push([each.id, each.value]));
            } else {
                one[item.id] = item.value;
            }
        });
        return { one, many };
    }

    function settingsOf(many, context) {
        const settings = {};
        const put = (id, value) => {
            const schema = context.instruments[id.instrument].properties[id.name];
            let typed = value;
            if (schema.enum) {
                typed = schema.enum.find((choice) => String(choice) === String(value));
            } else if (number(value) === null || outside(schema, value)) {
                typed = undefined;
            }
            if (typed !== undefined) {
                (settings[id.instrument] = settings[id.instrument] || {})[id.name] = typed;
            }
        };
        [...many.setting, ...many.entry, ...many.choice].forEach(([id, value]) => put(id, value));
        return settings;
    }

    // Half-typed numbers are not asked for.
    function outside(schema, value) {
        return value < schema.minimum || value > schema.maximum;
    }

    // Element or site → isotope, element (natural), or { isotope, percent }.
    function isotopesOf(many) {
        const found = {};
        const of = (kind, site) => (many[kind].find(([id]) => id.element === site) || [])[1];
        many.isotope.forEach(([id, value]) => {
            const site = id.element;
            const element = elementOf(site);
            if (value === "mixture") {
                const percent = number(of("isotope-percent", site));
                if (percent !== null) { found[site] = { isotope: of("isotope-share", site), percent }; }
            } else if (value === "natural") {
                if (site !== element) { found[site] = element; }
            } else if (value && value !== "like") {
                found[site] = value;
            }
        });
        return found;
    }

    // What powders' pages have no controls for.
    function crystalOf(many) {
        const of = (kind, name) => (many[kind].find(([id]) => id.name === name) || [])[1];
        const chosen = (name, usual) => (of("path-choice", name) === usual ? null : of("path-choice", name) || null);
        const found = { zone: chosen("zone", "average"), point: chosen("point", "auto") };
        many["path-switch"].forEach(([id, checked]) => { found[id.name] = Boolean(checked); });
        return found;
    }

    // What single crystals' pages have no controls for.
    function measuredOf(many) {
        const found = {};
        [...many["data-choice"], ...many["data-chosen"]].forEach(([id, value]) => { found[id.name] = value; });
        return found;
    }

    function collect() {
        const { one, many } = controls();
        const context = window.dash_clientside.callback_context.states_list[0].value;
        const done = one["forecast-done"];
        if (!context || !done) { return skip(); }
        const order = Object.keys(context.instruments);
        const chosen = order.filter((name) => (one.instruments || []).includes(name));
        const map = one["map-instrument"];
        const view = {
            instruments: chosen,
            map: chosen.includes(map) ? map : chosen[0] || null,
            map_prediction: one["map-prediction"],
            contribution: one.contribution,
            scale: one.scale,
            energy_unit: one["energy-unit"],
            map_scale: one["map-scale"],
            per_element: Boolean(one["per-element"]),
            banks: Boolean(one.banks),
            errors: Boolean(one.errors),
            order: one.order === "all" ? null : Number(one.order) || null,
            per_order: Boolean(one["per-order"]),
            quantum_correction: one["quantum-correction"],
            elastic: Boolean(one.elastic),
            kf_over_ki: Boolean(one["kf-over-ki"]),
            energy_scale: number(one["energy-scale"]) || 1,
            energy_min: number(one["energy-min"]),
            energy_max: number(one["energy-max"]),
            q_min: number(one["q-min"]),
            q_max: number(one["q-max"]),
            probe: one["sample-probe"],
            fwhm_mev: number(one["sample-fwhm"]) || 0,
            isotopes: isotopesOf(many),
            settings: settingsOf(many, context),
            ...crystalOf(many),
            ...measuredOf(many),
        };
        if (view.datasets) { window.beamcast.datasets.followed(view, [...many.setting, ...many.entry, ...many.choice]); }
        explainCorrection(view, context);
        remember(view, context);
        window.beamcast.look({ view, done, theme: one.theme, context });
        return skip();
    }

    function explainCorrection(view, context) {
        if (!context.predictions.some((prediction) => prediction.method !== "harmonic")) { return; }
        if (explainCorrection.last === view.quantum_correction && explainCorrection.context === context) { return; }
        explainCorrection.last = view.quantum_correction;
        explainCorrection.context = context;
        window.dash_clientside.set_props("quantum-words", { children: context.corrections[view.quantum_correction] });
    }

    // Only what differs from its default stands in the address, so that a shared link stays short.
    function remember(view, context) {
        const query = [];
        const written = (key, value) => encodeURIComponent(key) + "=" +
            encodeURIComponent(value).replace(/%2C/g, ",").replace(/%3A/g, ":");
        const add = (key, value) => query.push(written(key, value));
        add("instruments", view.instruments.join(","));
        if (view.map) { add("map", view.map); }
        if ((view.datasets || []).length) { add("datasets", view.datasets.join(",")); }
        const defaults = context.sampling === "path" ? { ...DEFAULTS, ...CRYSTAL_DEFAULTS } : DEFAULTS;
        Object.entries(defaults).forEach(([key, usual]) => {
            const value = view[key];
            if (value !== usual && value !== null && value !== undefined) {
                add(key, typeof value === "boolean" ? Number(value) : value);
            }
        });
        Object.entries(view.isotopes).forEach(([site, stands]) =>
            add("iso." + site, stands.isotope ? stands.isotope + ":" + stands.percent : stands));
        Object.entries(view.settings).forEach(([name, settings]) => {
            Object.entries(settings).forEach(([key, value]) => {
                if (value !== context.instruments[name].defaults[key]) { add(name + "." + key, value); }
            });
        });
        // Browsers refuse more than about a hundred of these in half a minute: the end of a drag is enough.
        window.clearTimeout(remember.timer);
        const path = window.location.pathname;
        remember.timer = window.setTimeout(() => {
            if (window.location.pathname !== path) { return; }
            const address = (predictions) => path + "?" + [written("predictions", predictions.join(",")), ...query].join("&");
            window.history.replaceState(window.history.state, "", address(context.predictions.map((one) => one.id)));
            const plan = document.getElementById("plan-link");
            if (plan && context.sampling !== "path") {
                const along = query.filter((one) => one.startsWith("iso.") || one.startsWith("energy_scale="));
                const ids = written("predictions", context.predictions.map((one) => one.id).join(","));
                window.dash_clientside.set_props("plan-link", { href: path.replace("/forecast/", "/plan/") + "?" + [ids, ...along].join("&") });
            }
            // The settings come along to the forecasts of the other kind of sample.
            if (context.others.length && document.getElementById("other-sampling")) {
                window.dash_clientside.set_props("other-sampling", { href: address(context.others) });
            }
        }, 250);
    }

    // A slider and a number that show one value; who was touched last says it.
    function pair(number, slider, toNumber, toSlider) {
        const touched = window.dash_clientside.callback_context.triggered;
        if (!touched.length) { return [skip(), skip()]; }
        const bySlider = touched.some((item) => item.prop_id.includes("-slider"));
        if (bySlider) {
            const value = toNumber(slider);
            return [value === number ? skip() : value, skip()];
        }
        if (typeof number !== "number" || toNumber(slider) === number) { return [skip(), skip()]; }
        return [skip(), toSlider(number)];
    }

    function snapped(value, schema) {
        const step = schema.multipleOf || (schema.type === "integer" ? 1 : null);
        const near = step ? Math.round(value / step) * step : Number(value.toPrecision(3));
        return Math.min(Math.max(near, schema.minimum), schema.maximum);
    }

    function pairSetting(value, slider, context) {
        const id = window.dash_clientside.callback_context.outputs_list[0].id;
        const schema = context && context.instruments[id.instrument].properties[id.name];
        if (!schema) { return [skip(), skip()]; }
        const decades = schema.minimum > 0 && schema.maximum / schema.minimum >= 20;
        return pair(value, slider,
            (position) => snapped(decades ? Math.pow(10, position) : position, schema),
            (typed) => (decades ? Math.log10(typed) : typed));
    }

    function pairNumber(value, slider) {
        return pair(value, slider, (position) => Number(position.toFixed(4)), (typed) => typed);
    }

    function showInstruments(chosen, items, hidden, mapInstrument, open, context) {
        const names = items.map((id) => id.instrument);
        const shown = Object.keys(context.instruments).filter((name) => (chosen || []).includes(name));
        // Who adds an instrument wants to set it; those that were never chosen have no item yet.
        const added = shown.filter((name) => (names.includes(name) ? hidden[names.indexOf(name)] : !(open || []).includes(name)));
        return [
            names.map((name) => !shown.includes(name)),
            shown.map((name) => ({ value: name, label: context.instruments[name].label })),
            shown.includes(mapInstrument) ? skip() : shown[0] || null,
            added.length ? [...(open || []), ...added] : skip(),
        ];
    }

    function showMixture(value) { return value !== "mixture"; }

    function toggleSettings(clicks) {
        const open = Boolean(clicks) && clicks % 2 === 1;
        return ["settings-body" + (open ? " is-open" : ""), String(open)];
    }

    function checkRange(low, high) {
        return number(high) !== null && high <= (number(low) || 0) ? "Must be above “From”." : null;
    }

    async function copyLink(clicks) {
        if (!clicks) { return skip(); }
        try {
            await navigator.clipboard.writeText(window.location.href);
        } catch (error) {
            return "Copy it from the address bar";
        }
        window.setTimeout(() => window.dash_clientside.set_props("copy-link", { children: "Copy link" }), 2500);
        return "Link copied";
    }

    window.dash_clientside = Object.assign({}, window.dash_clientside, {
        view: { collect, pairSetting, pairNumber, showInstruments, showMixture, toggleSettings, checkRange, copyLink },
    });
})();
