// What the API is asked for: the controls as bodies of its views.
(function () {
    "use strict";

    const { post } = window.beamcast;

    const SAMPLE = "Sample";
    const PROBES = { "x-ray": "X-rays", electron: "electrons" };

    const succeeded = (context, done) =>
        context.predictions.filter((prediction) => (done || {})[prediction.id] === "succeeded");

    const probeOf = (view, name) => (name === SAMPLE ? view.probe : "neutron");

    // Predictions that show what was asked for: only harmonic ones tell the phonon orders apart, and each crystal has
    // been simulated in zones of its own.
    const sourcesOf = (view, ready) => ready.filter((prediction) => (!view.order || prediction.n_orders >= view.order)
        && hasZone(view, prediction));

    const zoneIndex = (view, prediction) => prediction.zones.findIndex((zone) => zone.join(",") === view.zone);
    const hasZone = (view, prediction) => prediction.sampling !== "path" || !view.zone || zoneIndex(view, prediction) >= 0;

    // What is scattered by the electrons has no incoherent part, and the API says so by refusing.
    const instrumentsOf = (view) => view.instruments.filter((name) =>
        probeOf(view, name) === "neutron" || view.contribution !== "incoherent");

    const elementOf = (site) => site.replace(/\d+$/, "");

    // Sites that a prediction does not tell apart cannot be given isotopes in it.
    function resolves(prediction, site) {
        return site === elementOf(site) || (window.beamcast.species[prediction.id] || []).includes(site);
    }

    // The mixture as the API takes it: what fills up is ¹H for hydrogen, the natural element else.
    function nucleus(site, stands) {
        if (!stands.isotope) { return stands; }
        const share = Number((stands.percent / 100).toFixed(6));
        const element = elementOf(site);
        if (share === 1) { return stands.isotope; }
        return { [stands.isotope]: share, [element === "H" ? "1H" : element]: Number((1 - share).toFixed(6)) };
    }

    // How the zones of a crystal are put together, and where it is cut.
    function pathOf(view, prediction, point) {
        const path = {
            divide_debye_waller: view.divide_debye_waller,
            divide_q_squared: view.divide_q_squared,
            times_energy_squared: view.times_energy_squared,
        };
        if (point) { path.point = point; }
        if (view.zone) { path.zone = zoneIndex(view, prediction); }
        return path;
    }

    // Path integrals have quantum statistics but for the Kubo transform, which one factor undoes: no other is for them.
    const correctionOf = (view, prediction) =>
        prediction.method === "trpmd" && view.quantum_correction !== "none" ? "harmonic" : view.quantum_correction;

    // The body of /spectrum for one prediction through one instrument, as the controls stand.
    function spectrumBody(view, name, prediction, context, point) {
        const probe = probeOf(view, name);
        const isotopes = {};
        if (probe === "neutron") {
            Object.entries(view.isotopes).filter(([site]) => resolves(prediction, site)).forEach(([site, stands]) => {
                isotopes[site] = nucleus(site, stands);
            });
        }
        const body = {
            instrument: name,
            settings: (view.coming || {})[name] || view.settings[name] || context.instruments[name].defaults,
            isotopes,
            contribution: view.contribution,
            quantum_correction: correctionOf(view, prediction),
            energy_scale: view.energy_scale,
            elastic: view.elastic,
            kf_over_ki: view.kf_over_ki,
        };
        if (name === SAMPLE) {
            Object.assign(body, { instrument: null, settings: {}, kf_over_ki: false, probe, fwhm_mev: view.fwhm_mev });
        }
        if (prediction.sampling === "path") {
            body.elastic = false;
            body.path = pathOf(view, prediction, point);
        }
        if (prediction.n_orders && view.order) { body.order = view.order; }
        if (prediction.n_orders && view.per_order && !view.order) { body.per_order = true; }
        const q = qRange(view);
        if (q) { body.q_inv_angstrom = q; }
        return body;
    }

    // Farther out than any simulation is analysed.
    const ALL_Q = 1000;

    function qRange(view) {
        if (view.q_min === null && view.q_max === null) { return null; }
        const range = { min: view.q_min || 0, max: view.q_max === null ? ALL_Q : view.q_max };
        return range.max > range.min ? range : null;
    }

    // Without a step, the bins are as narrow as the resolution.
    const energyGrid = (min, max) => max > min ? { min, max } : null;

    // Plotly's JSON has long lists as base64.
    function numbers(values) {
        if (!values || !values.bdata) { return values || []; }
        const bytes = Uint8Array.from(atob(values.bdata), (character) => character.charCodeAt(0));
        return values.dtype === "f8" ? new Float64Array(bytes.buffer) : new Float32Array(bytes.buffer);
    }

    let reached = { of: null, mev: null };

    // Where the spectra end by themselves, in meV: a grid has two ends, and the user has given the first.
    async function reach(views) {
        const body = JSON.stringify({ kind: "spectrum", errors: false, views });
        if (reached.of !== body) {
            const figure = await (await post("/figures", JSON.parse(body))).json();
            const range = figure.layout.xaxis.range;
            reached = { of: body, mev: range ? range[1] : Math.max(...figure.data.map((trace) => numbers(trace.x).at(-1))) };
        }
        return reached.mev;
    }

    async function withEnergies(views, view) {
        if (view.energy_min === null && view.energy_max === null) { return views; }
        const min = view.energy_min || 0;
        const grid = energyGrid(min, view.energy_max === null ? await reach(views) : view.energy_max);
        return grid ? views.map((one) => ({ ...one, energy_mev: grid })) : views;
    }

    const zoneName = (zone) => zone.split(",").join(" ").replace(/-/g, "\u2212");

    function labelOf(view, name, prediction, context) {
        const probe = PROBES[probeOf(view, name)];
        const words = [context.instruments[name].label + (probe ? " (" + probe + ")" : ""), prediction.label];
        if (view.zone && prediction.sampling === "path") { words.push("zone " + zoneName(view.zone)); }
        if (view.order) { words.push(view.order === 1 ? "1 phonon" : view.order + " phonons"); }
        return words.join(", ");
    }

    window.beamcast.bodies = {
        SAMPLE, PROBES, succeeded, sourcesOf, instrumentsOf, resolves, hasZone, zoneName, spectrumBody, withEnergies,
        labelOf, numbers,
    };
})();
