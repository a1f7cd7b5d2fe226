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
        quantum_correction: true,
        energy_scale: 1,
        energy_min: null,
        energy_max: null,
        map_prediction: "latest",
    };
    const number = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

    // The values of a pattern-matched input, with the ids that they belong to.
    function entries(position) {
        const list = window.dash_clientside.callback_context.inputs_list[position] || [];
        return list.map((item) => [item.id, item.value]);
    }

    function settingsOf(numbers, choices, context) {
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
        numbers.forEach(([id, value]) => put(id, value));
        choices.forEach(([id, value]) => put(id, value));
        return settings;
    }

    // Half-typed numbers are not asked for.
    function outside(schema, value) {
        return value < schema.minimum || value > schema.maximum;
    }

    function collect(instruments, mapInstrument, mapPrediction, contribution, unit, scale, mapScale, perElement, banks, quantum,
        energyScale, energyMin, energyMax, _isotopes, _numbers, _choices, done, theme, context) {
        if (!context || !done) { return skip(); }
        const order = Object.keys(context.instruments);
        const chosen = order.filter((name) => (instruments || []).includes(name));
        const isotopes = {};
        entries(13).forEach(([id, value]) => {
            if (value && value !== "natural") { isotopes[id.element] = value; }
        });
        const view = {
            instruments: chosen,
            map: chosen.includes(mapInstrument) ? mapInstrument : chosen[0] || null,
            map_prediction: mapPrediction,
            contribution, scale,
            energy_unit: unit,
            map_scale: mapScale,
            per_element: Boolean(perElement),
            banks: Boolean(banks),
            quantum_correction: Boolean(quantum),
            energy_scale: number(energyScale) || 1,
            energy_min: number(energyMin),
            energy_max: number(energyMax),
            isotopes,
            settings: settingsOf(entries(14), entries(15), context),
        };
        remember(view, context);
        window.beamcast.look({ view, done, theme, context });
        return skip();
    }

    // Only what differs from its default stands in the address, so that a shared link stays short.
    function remember(view, context) {
        const query = [];
        const add = (key, value) => query.push(encodeURIComponent(key) + "=" + encodeURIComponent(value).replace(/%2C/g, ","));
        add("predictions", context.predictions.map((prediction) => prediction.id).join(","));
        add("instruments", view.instruments.join(","));
        if (view.map) { add("map", view.map); }
        Object.entries(DEFAULTS).forEach(([key, usual]) => {
            const value = view[key];
            if (value !== usual && value !== null && value !== undefined) {
                add(key, typeof value === "boolean" ? Number(value) : value);
            }
        });
        Object.entries(view.isotopes).forEach(([element, isotope]) => add("iso." + element, isotope));
        Object.entries(view.settings).forEach(([name, settings]) => {
            Object.entries(settings).forEach(([key, value]) => {
                if (value !== context.instruments[name].defaults[key]) { add(name + "." + key, value); }
            });
        });
        // Browsers refuse more than about a hundred of these in half a minute: the end of a drag is enough.
        window.clearTimeout(remember.timer);
        const path = window.location.pathname;
        remember.timer = window.setTimeout(() => {
            if (window.location.pathname === path) {
                window.history.replaceState(window.history.state, "", path + "?" + query.join("&"));
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

    function showInstruments(chosen, items, hidden, mapInstrument, open) {
        const names = items.map((id) => id.instrument);
        const shown = names.filter((name) => (chosen || []).includes(name));
        // Who adds an instrument wants to set it.
        const added = shown.filter((name) => hidden[names.indexOf(name)]);
        return [
            names.map((name) => !shown.includes(name)),
            shown.map((name) => ({ value: name, label: name })),
            shown.includes(mapInstrument) ? skip() : shown[0] || null,
            added.length ? [...(open || []), ...added] : skip(),
        ];
    }

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
        view: { collect, pairSetting, pairNumber, showInstruments, toggleSettings, checkRange, copyLink },
    });
})();
