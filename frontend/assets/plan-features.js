// Features of a plan: found, clicked, typed, taken away; and which pairs of them to resolve.
(function () {
    "use strict";

    const { cells, CM_PER_MEV } = window.beamcast;
    const { element, plain, energyIn, UNIT_NAMES } = cells;
    const { set, place, part, figurePart, features, figure, warned } = window.beamcast.plan;

    const SNAP = 0.012; // of the axis: so far a click may be off a peak's top
    const same = (one, other) => Math.abs(one - other) < 0.006;
    const rounded = (mev) => Number(mev.toFixed(2));

    let now = null; // { state, context, change }
    let found = null; // the API's answer
    let picked = null; // the first of two features

    const words = (mev, unit) => plain(energyIn(mev, unit), 4);
    const named = (mev) => words(mev, now.state.energy_unit) + " " + UNIT_NAMES[now.state.energy_unit];

    // Chips

    const removal = (label, remove) => element("button", { type: "button", class: "plan-remove", "aria-label": label, title: label, onclick: remove }, "×");

    function chip(feature, only) {
        const mev = feature.energy_mev;
        const pairing = now.state.pairs !== null;
        const text = named(mev);
        const name = pairing
            ? element("button", { type: "button", class: "plan-pick", "aria-pressed": String(picked !== null && same(picked, mev)),
                "aria-label": text + ": one of a pair", onclick: () => pick(mev) }, text)
            : element("span", {}, text);
        return element("span", { class: "plan-chip" + (feature.source === "found" ? " is-found" : ""), title: made(feature) },
            name, only ? null : removal("Remove " + text, () => remove(mev)));
    }

    // Chosen ones are there at once; what is known of them comes with the answer.
    function listed() {
        const known = found ? found.features : [];
        if (now.state.features === null) { return known; }
        return now.state.features.map((mev) => known.find((one) => same(one.energy_mev, mev)) || { energy_mev: mev, source: "given" });
    }

    function made({ elements, fwhm_mev, energy_uncertainty_mev }) {
        if (!elements) { return null; }
        const parts = Object.entries(elements).filter(([, share]) => share >= 0.05).sort(([, one], [, other]) => other - one)
            .map(([name, share]) => name + " " + Math.round(100 * share) + " %").join(", ");
        const width = fwhm_mev > 0 ? "width " + named(fwhm_mev) : "narrower than is known";
        return [parts, width, "known to ± " + named(energy_uncertainty_mev)].filter(Boolean).join(" · ");
    }

    function pairChip([low, high]) {
        const text = words(low, now.state.energy_unit) + " – " + named(high);
        return element("span", { class: "plan-chip is-pair" }, text,
            now.state.pairs === null ? null : removal("Remove the pair " + text, () => now.change({
                pairs: now.state.pairs.filter((pair) => !(same(pair[0], low) && same(pair[1], high))),
            })));
    }

    function render() {
        const list = place("plan-features-list");
        if (!list || !found) { return; }
        const held = document.activeElement && list.contains(document.activeElement);
        const features = listed();
        list.replaceChildren(...features.map((one) => chip(one, features.length === 1)));
        if (held) { (list.querySelector("button") || place("plan-feature-new")).focus(); }
        const pairs = now.state.pairs === null ? found.pairs.map((pair) => [pair.low_mev, pair.high_mev]) : now.state.pairs;
        place("plan-pairs-list").replaceChildren(...pairs.map(pairChip));
        place("plan-features-auto").hidden = now.state.features === null;
        const told = now.state.features === null ? "Found: the highest peaks of the forecast." : "As you chose.";
        const how = now.state.pairs === null ? "" : picked === null ? " Press two features to make a pair of them." : " And the other one of the pair?";
        place("plan-features-words").replaceChildren(told + how, ...(found.warnings.length ? [warned(found.warnings)] : []));
    }

    // Changes

    const current = () => listed().map((one) => rounded(one.energy_mev));

    function choose(energies) {
        const sorted = Array.from(new Set(energies)).sort((one, other) => one - other);
        const there = (mev) => sorted.some((one) => same(one, mev));
        const pairs = now.state.pairs === null ? null : now.state.pairs.filter((pair) => pair.every(there));
        now.change({ features: sorted, pairs });
    }

    function add(mev) {
        const energies = current();
        if (!(mev > 0) || energies.some((one) => same(one, mev))) { return; }
        choose([...energies, rounded(mev)]);
    }

    const remove = (mev) => choose(current().filter((one) => !same(one, mev)));

    function pick(mev) {
        if (picked === null || same(picked, mev)) {
            picked = picked === null ? mev : null;
            render();
            return;
        }
        const pair = [picked, mev].map(rounded).sort((one, other) => one - other);
        picked = null;
        const others = now.state.pairs.filter((one) => !(same(one[0], pair[0]) && same(one[1], pair[1])));
        now.change({ features: current(), pairs: [...others, pair].sort((one, other) => one[0] - other[0] || one[1] - other[1]) });
    }

    // Which pairs the switch begins with.
    const adjacent = () => (found ? found.pairs.map((pair) => [rounded(pair.low_mev), rounded(pair.high_mev)]) : []);

    // The top of the peak that was meant.
    function snapped(mev) {
        if (!found || !found.energy_mev.length) { return mev; }
        const { energy_mev: energies, intensity } = found;
        const reach = SNAP * (energies.at(-1) - energies[0]);
        let best = null;
        energies.forEach((energy, at) => {
            const top = at > 0 && at < energies.length - 1 && intensity[at] >= intensity[at - 1] && intensity[at] > intensity[at + 1];
            if (top && Math.abs(energy - mev) <= reach && (best === null || intensity[at] > intensity[best])) { best = at; }
        });
        return best === null ? mev : energies[best];
    }

    function clicked(data) {
        if (data && data.points && data.points.length && now) {
            const x = data.points[0].x;
            add(snapped(now.state.energy_unit === "cm-1" ? x / CM_PER_MEV : x));
            // The same place again is another click.
            set("plan-features-graph", { clickData: null });
        }
        return window.dash_clientside.no_update;
    }

    document.addEventListener("submit", (event) => {
        if (event.target.id !== "plan-feature-form") { return; }
        event.preventDefault();
        const typed = parseFloat(place("plan-feature-new").value.replace(",", "."));
        if (typed > 0 && typed <= 5000) {
            add(typed);
            set("plan-feature-new", { value: "", error: null });
        } else {
            set("plan-feature-new", { error: "An energy in meV." });
        }
    });
    document.addEventListener("click", (event) => {
        if (event.target.id === "plan-features-auto" && now) {
            picked = null;
            now.change({ features: null, pairs: now.state.pairs === null ? null : [] });
        }
    });

    // Answers

    const numbers = part("features", {
        path: () => "/plans/features",
        problem: "plan-features-problem",
        busy: (is) => place("plan-features").setAttribute("aria-busy", String(is)),
        show: (answer) => {
            found = answer;
            if (answer) { render(); } else { place("plan-features-list").replaceChildren(); place("plan-pairs-list").replaceChildren(); }
        },
    });

    const drawing = figurePart("plan-features", {
        // A click counts wherever it is: the nearest point of the curve is meant.
        dressed: (made) => {
            Object.assign(made.layout, { hovermode: "x", hoverdistance: -1 });
            return made;
        },
    });

    function look(looking) {
        if (!now || now.context !== looking.context) {
            found = null;
            picked = null;
            [numbers, drawing].forEach((one) => one.forget());
        }
        const unit = now && now.state.energy_unit;
        now = looking;
        const { state, context } = looking;
        numbers.start({ body: features(state), context });
        drawing.start({ body: figure("features", features(state), state), context, theme: state.theme });
        if (unit !== state.energy_unit || found) { render(); }
    }

    // Between a choice and the question that follows it.
    function refresh(looking) {
        now = looking;
        render();
    }

    window.beamcast.plan.featuresPanel = { look, refresh, clicked, adjacent, energies: current };
})();
