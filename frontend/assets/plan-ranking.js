// Ranked settings of a plan: the best three explained, all of them in a table, resolution against time.
(function () {
    "use strict";

    const { cells } = window.beamcast;
    const { element, count, significant, plain, table, energyIn, UNIT_NAMES } = cells;
    const { set, place, part, figurePart, plan, figure, term, hoursWords, bandWords, listOf, warned } = window.beamcast.plan;

    const MOST = 60; // asked for
    const FEW = 12; // shown before all are asked for

    let now = null;
    let answer = null;
    let sorting = { key: "rank", up: true };
    let open = new Set(); // ranks whose numbers are unfolded
    let all = false;

    const scrolled = (content) => element("div", { class: "table-frame", tabindex: "0" }, content);

    // Words

    const VERDICTS = {
        resolved: ["●", "is-resolved"], likely: ["◕", "is-likely"], unlikely: ["◔", "is-unlikely"],
        "not resolved": ["○", "is-not"], "not reachable": ["–", "is-unreachable"],
    };
    const BASES = { absolute: "hours estimated", calibrated: "calibrated", relative: "relative only" };

    function verdictBadge(verdict) {
        const [sign, kind] = VERDICTS[verdict];
        return element("span", { class: "plan-verdict " + kind }, element("span", { "aria-hidden": "true" }, sign + " "), verdict);
    }

    const basisBadge = (basis) => element("span", { class: "term plan-basis is-" + basis, tabindex: "0", role: "note",
        "aria-description": now.context.terms["basis_" + basis] }, BASES[basis]);

    function timeWords(one) {
        if (one.hours !== null) { return hoursWords(one.hours); }
        return one.basis === "relative" ? "not known" : "never";
    }

    const energyWords = (mev) => plain(energyIn(mev, now.state.energy_unit), 4);
    const unit = () => UNIT_NAMES[now.state.energy_unit];
    const pairWords = (pair) => energyWords(pair.low_mev) + " – " + energyWords(pair.high_mev) + " " + unit();

    function forecastLink(one) {
        const query = new URLSearchParams({ predictions: now.state.prediction, instruments: one.instrument, map: one.instrument });
        Object.entries(one.settings).forEach(([name, value]) => query.set(one.instrument + "." + name, value));
        return element("a", { class: "link-button", href: "/forecast/" + now.context.structure.id + "?" + query, "aria-label": "See the forecast on " + one.label }, "See the forecast");
    }

    const choosing = (one) => element("button", { type: "button", class: "link-button", "aria-label": "Simulate " + one.label,
        onclick: () => window.beamcast.plan.measurementPanel.choose(one) }, "Simulate");

    // Cards

    function card(one) {
        const { terms } = now.context;
        const band = one.hours === null ? null : bandWords(one.hours_low, one.hours_high);
        const time = element("div", { class: "plan-time" },
            element("strong", {}, timeWords(one)),
            band ? element("span", { class: "quiet small" }, term(band, "hours_band", terms)) : null,
            basisBadge(one.basis));
        const facts = element("dl", { class: "facts-inline small" },
            element("div", {}, element("dt", {}, term("Resolution", "resolution_percent", terms)),
                element("dd", {}, one.resolution_percent === null ? "—" : significant(one.resolution_percent, 2) + " % at worst")),
            element("div", {}, element("dt", {}, term("In reach", "reachable", terms)), element("dd", {}, one.n_reachable + " of " + one.features.length)));
        const pairs = one.pairs.length ? element("ul", { class: "plan-pairs small" }, one.pairs.map((pair) => element("li", {},
            element("span", {}, pairWords(pair)), verdictBadge(pair.verdict)))) : null;
        const late = one.within_beam_time === false ? element("p", { class: "plan-late small flush" }, "Longer than the beam time that can be asked for.") : null;
        return element("article", { class: "plan-card" + (one.rank === 1 ? " is-first" : ""), "aria-label": one.rank + ". " + one.label },
            element("div", { class: "quiet small" }, one.rank + " · " + one.facility),
            element("h3", {}, one.label),
            time, late, facts, pairs,
            one.explanation ? element("p", { class: "small plan-why" }, one.explanation) : null,
            one.rests_on.length ? element("details", { class: "fold" }, element("summary", {}, "What this rests on"), listOf(one.rests_on, { class: "small" })) : null,
            element("div", { class: "plan-card-foot" }, choosing(one), forecastLink(one)));
    }

    // Table

    const compare = (one, other) => (one === other ? 0 : one - other); // ∞ − ∞ is no number
    const last = (value) => (value === null || value === undefined ? Infinity : value);
    const COLUMNS = [
        { key: "rank", label: "Setting", value: (one) => one.rank },
        { key: "hours", label: "Beam time", value: (one) => last(one.hours) },
        { key: "resolution", label: "Resolution", value: (one) => last(one.resolution_percent) },
        { key: "reach", label: "In reach", value: (one) => -one.n_reachable },
        { key: "resolved", label: "Resolved", value: (one) => -one.n_resolved },
        { key: "basis", label: "Basis", value: (one) => Object.keys(BASES).indexOf(one.basis) },
    ];

    function head() {
        return element("tr", {}, COLUMNS.map(({ key, label }) => {
            const here = sorting.key === key;
            const button = element("button", { type: "button", class: "plan-sort", onclick: () => sort(key) }, label,
                element("span", { "aria-hidden": "true" }, here ? (sorting.up ? " ▲" : " ▼") : ""));
            return element("th", { scope: "col", "aria-sort": here ? (sorting.up ? "ascending" : "descending") : "none", "data-key": key }, button);
        }));
    }

    function rows(one) {
        const unfolded = open.has(one.rank);
        const id = "plan-row-" + one.rank;
        const name = element("button", { type: "button", class: "plan-unfold", "aria-expanded": String(unfolded), "aria-controls": id,
            onclick: () => { (unfolded ? open.delete(one.rank) : open.add(one.rank)); renderTable(one.rank); } },
        element("span", { class: "plan-arrow", "aria-hidden": "true" }, "▸"), one.rank + ". " + one.label);
        const band = one.hours === null ? null : bandWords(one.hours_low, one.hours_high);
        const late = one.within_beam_time === false ? element("span", { class: "plan-late" }, " too long") : null;
        const front = one.on_front ? element("span", { class: "term plan-front-mark", tabindex: "0", role: "note", "aria-label": "on the front",
            "aria-description": now.context.terms.pareto }, "★") : null;
        const line = element("tr", { "data-rank": one.rank },
            element("th", { scope: "row" }, name),
            element("td", {}, timeWords(one), late, band ? element("div", { class: "quiet small" }, band) : null),
            element("td", {}, one.resolution_percent === null ? "—" : significant(one.resolution_percent, 2) + " %", front ? " " : null, front),
            element("td", {}, one.n_reachable + " of " + one.features.length),
            element("td", {}, one.pairs.length ? one.n_resolved + " of " + one.pairs.length : "—"),
            element("td", {}, basisBadge(one.basis)));
        return unfolded ? [line, element("tr", { id, class: "plan-detail" }, element("td", { colspan: String(COLUMNS.length) }, details(one)))] : [line];
    }

    function details(one) {
        const { terms } = now.context;
        const widths = (mev, off) => (mev === null ? "—" : plain(energyIn(mev, now.state.energy_unit), 3) +
            (off ? " ± " + plain(energyIn(off, now.state.energy_unit), 1) : ""));
        const rate = (value) => (value === null ? "—" : significant(value, 2));
        const features = one.features.map((feature) => Object.assign(feature.reachable ? [
            energyWords(feature.energy_mev) + " " + unit(), widths(feature.fwhm_mev, feature.fwhm_uncertainty_mev),
            rate(feature.signal_per_hour), rate(feature.background_per_hour),
            feature.hours === null ? (feature.relative_time === null ? "never" : significant(feature.relative_time, 2) + " ×")
                : [hoursWords(feature.hours), bandWords(feature.hours_low, feature.hours_high)].filter(Boolean).join(", "),
            feature.counts === null ? "—" : count(Math.round(feature.counts)),
        ] : [energyWords(feature.energy_mev) + " " + unit(), feature.why || "not reachable", "", "", "", ""], { class: feature.reachable ? null : "is-alone" }));
        const pairs = one.pairs.map((pair) => [pairWords(pair),
            pair.separation_over_fwhm === null ? "—" : plain(pair.separation_over_fwhm, 3) + (pair.uncertainty ? " ± " + plain(pair.uncertainty, 1) : ""),
            pair.probability === null ? "—" : pair.probability > 0.995 ? "> 99 %" : pair.probability < 0.005 ? "< 1 %" : Math.round(100 * pair.probability) + " %",
            verdictBadge(pair.verdict)]);
        return element("div", { class: "plan-details" },
            scrolled(table(["Feature", "Width (FWHM), " + unit(), term("Signal an hour", "signal_rate", terms), term("Background an hour", "background_rate", terms), "Time", "Counts"], features)),
            pairs.length ? scrolled(table(["Pair", term("Distance over width", "separation", terms), term("Probability", "verdict_probability", terms), term("Verdict", "verdict", terms)], pairs,
                { class: "data-table is-narrow" })) : null,
            listOf(one.rests_on, { class: "small quiet" }),
            element("div", { class: "plan-card-foot" }, choosing(one), forecastLink(one)));
    }

    function sort(key) {
        sorting = { key, up: sorting.key === key ? !sorting.up : true };
        renderTable(null, key);
    }

    // Made anew as a whole; who came by the keyboard stays where they were.
    function renderTable(rank, key) {
        const { value } = COLUMNS.find((one) => one.key === sorting.key);
        const sorted = [...answer.ranked].sort((one, other) => Math.sign(compare(value(one), value(other))) * (sorting.up ? 1 : -1) || one.rank - other.rank);
        const shown = all ? sorted : sorted.slice(0, FEW);
        const more = sorted.length > shown.length ? element("button", { type: "button", class: "link-button", onclick: () => { all = true; renderTable(); } },
            "Show all " + sorted.length) : null;
        const made = element("table", { class: "data-table plan-settings-table" },
            element("caption", { class: "visually-hidden" }, "Ranked settings"),
            element("thead", {}, head()), element("tbody", {}, shown.flatMap(rows)));
        place("plan-table").replaceChildren(scrolled(made), ...(more ? [more] : []));
        const again = rank ? made.querySelector("tr[data-rank='" + rank + "'] .plan-unfold") : key ? made.querySelector("th[data-key='" + key + "'] button") : null;
        if (again) { again.focus({ preventScroll: true }); }
    }

    // Answers

    // The best setting of each of the best instruments: three choppers of one are one answer.
    const explained = ({ ranked }) => ranked.filter((one) => one.explanation);

    function summary({ n_settings, seconds, ranked, energy_relative_uncertainty: off }) {
        const words = count(n_settings) + " settings tried in " + plain(seconds, 2) + " s. ";
        if (!ranked.length) { return words + "None of them measures a feature: choose other features, or fewer limits."; }
        return words + "Verdicts count with energies known to ± " + plain(100 * off, 2) + " %.";
    }

    function show() {
        const absolute = answer.ranked.some((one) => one.basis !== "relative");
        const hint = !answer.ranked.length || absolute ? null : element("p", { class: "caution" }, element("strong", {}, "No hours yet. "),
            "The flux of these instruments is not published: times compare features of one setting only, until one of your own measurements calibrates them.");
        place("plan-ranking-words").replaceChildren(...[element("p", { class: "quiet small flush" }, summary(answer)), warned(answer.warnings), hint].filter(Boolean));
        place("plan-best").replaceChildren(...explained(answer).map(card));
        if (answer.ranked.length) { renderTable(); } else { place("plan-table").replaceChildren(); }
    }

    // Seconds pass: the page says how many.
    let clock = null;
    function ticking(is) {
        window.clearInterval(clock);
        const begun = Date.now();
        const tell = () => {
            const at = place("plan-progress");
            if (!at) { window.clearInterval(clock); return; }
            const seconds = Math.round((Date.now() - begun) / 1000);
            if (seconds !== tell.last) { at.dataset.seconds = seconds ? seconds + " s" : ""; }
            tell.last = seconds;
        };
        set("plan-progress", { children: is ? "Every setting is being tried …" : null });
        if (is) { clock = window.setInterval(tell, 500); }
        const at = place("plan-progress");
        if (at) { at.dataset.seconds = ""; }
    }

    const numbers = part("ranking", {
        path: () => "/plans",
        problem: "plan-ranking-problem",
        busy: (is) => {
            ticking(is);
            place("plan-ranking-body").setAttribute("aria-busy", String(is));
        },
        show: (given, request) => {
            answer = given;
            set("plan-ranking-body", { hidden: !given });
            if (given) {
                open = new Set();
                all = false;
                show();
            }
            request.told(given);
            // One after the other: both try all settings, and the table is what one waits for.
            if (given) { front.start(request.front); }
        },
    });
    const front = figurePart("plan-front");

    // Asks when nothing has changed for a while; `told` hears the answer.
    function look(looking, told) {
        if (!now || now.context !== looking.context) {
            answer = null;
            sorting = { key: "rank", up: true };
            [numbers, front].forEach((one) => one.forget());
        }
        const before = now;
        now = looking;
        const { state, context } = looking;
        const drawn = { body: figure("front", plan(state), state), context, theme: state.theme };
        numbers.start({ body: { ...plan(state), most: MOST }, context, told, front: drawn }, () => front.start(drawn));
        if (answer && before && before.state.energy_unit !== state.energy_unit) { show(); }
    }

    window.beamcast.plan.rankingPanel = { look, best: () => (answer ? explained(answer) : []) };
})();
