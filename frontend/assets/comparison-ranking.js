// Which forecasts are ranked: those of this structure that have succeeded, and others that are searched for.
(function () {
    "use strict";

    const { call, cells } = window.beamcast;
    const { element } = cells;
    const set = (id, props) => window.dash_clientside.set_props(id, props);
    const METHODS = { harmonic: "harmonic", md: "MD", trpmd: "TRPMD" };
    const MOST = 24; // that the API ranks at once

    let known = null; // { of, predictions, structures }
    let left = new Set(); // of this structure, not ticked
    let changed = () => {};

    const words = (one) => [METHODS[one.method] || one.method, one.temperature_k + " K", one.potential, one.quality]
        .filter(Boolean).join(", ");

    // Asked for once, and again when a simulation has come to its end.
    async function load({ context, done }) {
        const of = JSON.stringify([context.structure.id, done]);
        if (known && known.of === of) { return; }
        const [predictions, structures] = await Promise.all(["/predictions?limit=500", "/structures?limit=500"]
            .map(async (path) => (await (await call(path)).json()).items));
        const ready = predictions.filter((one) => one.status === "succeeded" && one.sampling === "powder");
        known = { of, predictions: ready, structures: new Map(structures.map((one) => [one.id, one])) };
        show(context);
    }

    const own = (context) => known.predictions.filter((one) => one.structure_id === context.structure.id);
    const nameOf = (one) => (known.structures.get(one.structure_id) || { name: "another structure" }).name;

    function show(context) {
        const at = document.getElementById("ranking-own");
        if (!at) { return; }
        const box = (one) => element("label", { class: "ranking-choice" },
            element("input", { type: "checkbox", checked: !left.has(one.id), onchange: (event) => {
                if (event.target.checked) { left.delete(one.id); } else { left.add(one.id); }
                changed();
            } }), words(one));
        at.replaceChildren(element("fieldset", { class: "ranking-own" }, element("legend", {}, "Forecasts of " + context.structure.name),
            own(context).map(box)));
        const others = known.predictions.filter((one) => one.structure_id !== context.structure.id);
        const groups = new Map();
        others.forEach((one) => {
            const group = nameOf(one);
            groups.set(group, [...(groups.get(group) || []), { value: one.id, label: group + ", " + words(one) }]);
        });
        set("ranking-others", { data: Array.from(groups, ([group, items]) => ({ group, items })) });
    }

    // Isotopes of elements that a structure has not are no question to it.
    function viewFor(view, one) {
        const { elements } = known.structures.get(one.structure_id) || { elements: null };
        if (!elements) { return view; }
        const isotopes = Object.fromEntries(Object.entries(view.isotopes)
            .filter(([site]) => elements.includes(site.replace(/\d+$/, ""))));
        return { ...view, isotopes };
    }

    // Views of all that are chosen, through one instrument.
    function candidates({ view, context }, others, bodyOf) {
        const chosen = [...own(context).filter((one) => !left.has(one.id)),
            ...known.predictions.filter((one) => (others || []).includes(one.id))];
        return chosen.slice(0, MOST).map((one) => ({
            prediction_id: one.id,
            label: (one.structure_id === context.structure.id ? "" : nameOf(one) + ", ") + words(one),
            view: bodyOf(viewFor(view, one), { ...one, n_orders: one.method === "harmonic" ? one.options.n_orders || 0 : 0 }),
        }));
    }

    function arrive(update) {
        known = null;
        left = new Set();
        changed = update;
    }

    window.beamcast.ranking = { load, candidates, arrive };
})();
