// The page of a plan: its controls as one state, which every panel looks at.
(function () {
    "use strict";

    const skip = () => window.dash_clientside.no_update;
    const { set, number, remember, arrive, featuresPanel, samplePanel, rankingPanel, measurementPanel, reportPanel } = window.beamcast.plan;

    // Typing and clicking are over when nothing has changed for so long; a ranking costs seconds.
    const SETTLED_MS = 300;
    const RANKED_MS = 700;

    // Of these, one says how much sample there is.
    const AMOUNTS = ["scatterer_percent", "thickness_mm", "mass_g", "volume_cm3"];

    let context = null;
    let controls = null; // by the page's controls
    let own = null; // what no control holds: features and pairs

    function read() {
        const { inputs_list: inputs, states_list: states } = window.dash_clientside.callback_context;
        const one = {};
        const isotopes = {};
        inputs.forEach((item) => {
            if (Array.isArray(item)) {
                item.forEach(({ id, value }) => { if (value && value !== id.element) { isotopes[id.element] = value; } });
            } else {
                one[item.id.replace(/^plan-/, "")] = item.value;
            }
        });
        return { one, isotopes, context: states[0].value };
    }

    // A number that is out of bounds or half typed is as it was before.
    function numberOf(key, value, before) {
        const [low, high] = context.bounds[key];
        const typed = number(value);
        const { default: usual } = context.fields.find((one) => one.key === key);
        if (typed === null) { return usual; }
        return typed < low || typed > high ? before ?? usual : typed;
    }

    function collect() {
        const { one, isotopes, context: given } = read();
        if (!given || !one.theme) { return skip(); }
        if (given !== context) {
            context = given;
            controls = null;
            own = { features: context.features, pairs: context.pairs };
            arrive();
        }
        const before = controls || {};
        const next = {
            prediction: one.prediction, isotopes, theme: one.theme, instead_on: Boolean(one["instead-on"]), instead: one.instead,
            sheet_mode: one["sheet-mode"], report_mode: one["report-mode"], report_data: one["report-data"] || [],
            proposal: one.proposal,
        };
        context.fields.forEach(({ key, kind }) => {
            next[key] = kind === "number" ? numberOf(key, one[key], before[key]) : kind === "names" ? one[key] || [] : one[key];
        });
        controls = next;
        if (before.amount !== next.amount) { AMOUNTS.forEach((key) => set("plan-" + key + "-field", { hidden: key !== next.amount })); }
        if (before.material !== next.material) { set("plan-wall_mm-field", { hidden: next.material === "none" }); }
        const chosenPairs = one["pairs-mode"] === "chosen";
        if (chosenPairs !== (own.pairs !== null)) { own.pairs = chosenPairs ? featuresPanel.adjacent() : null; }
        update();
        return skip();
    }

    function change(changed) {
        Object.assign(own, changed);
        featuresPanel.refresh(looking());
        update();
    }

    function looking() {
        return { state: { ...controls, ...own }, context, change };
    }

    const here = () => context && document.getElementById("plan-page");

    function update() {
        reportPanel.look(looking());
        window.clearTimeout(update.soon);
        window.clearTimeout(update.later);
        update.soon = window.setTimeout(() => {
            if (!here()) { return; }
            remember(looking().state, context);
            featuresPanel.look(looking());
            samplePanel.look(looking(), measurementPanel.chosen());
            measurementPanel.look(looking());
        }, update.begun === context ? SETTLED_MS : 0);
        update.later = window.setTimeout(() => {
            if (here()) { rankingPanel.look(looking(), ranked); }
        }, update.begun === context ? RANKED_MS : 0);
        update.begun = context;
    }

    // The newest ranking is there, or refused.
    function ranked(answer) {
        measurementPanel.offer(answer ? answer.ranked : []);
        chosen(measurementPanel.chosen());
    }

    // The setting that is counted with: what goes through the sample is told over its band.
    function chosen(setting) {
        if (here()) { samplePanel.look(looking(), setting); }
    }

    window.beamcast.plan.chosen = chosen;
    window.dash_clientside = Object.assign({}, window.dash_clientside, {
        plan: { collect, measure: measurementPanel.measure, clicked: featuresPanel.clicked },
    });
})();
