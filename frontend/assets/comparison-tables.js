// Tables of what comparisons give: numbers with their errors and units.
(function () {
    "use strict";

    const { element, count, significant, plain, plusMinus, table, energyIn, UNIT_NAMES } = window.beamcast.cells;

    const percent = (share, digits) => (share === null || share === undefined ? "—" : significant(100 * share, digits || 3) + " %");
    const unitOf = (unit) => UNIT_NAMES[unit];

    // A word that explains itself, as frontend/terms.py makes them.
    function term(label, key, terms) {
        return element("span", { class: "term", tabindex: "0", role: "note", "aria-description": terms[key] }, label);
    }

    const fold = (summary, ...content) => element("details", { class: "fold" }, element("summary", {}, summary), ...content);
    const scrolled = (...tables) => element("div", { class: "table-frame" }, ...tables);
    const note = (...words) => element("p", { class: "quiet small flush" }, ...words);

    function warned(words) {
        return words.length ? element("ul", { class: "data-words small" }, words.map((word) => element("li", {}, word))) : null;
    }

    // Names, symbols and units of what a fit adjusts.
    function parameters(answer, { unit, terms, dataUnit }) {
        const rows = {
            scale: ["Scale", "fit_scale", dataUnit + " / forecast’s", 1],
            shift_mev: ["Shift", "fit_shift", unitOf(unit), energyIn(1, unit)],
            stretch: ["Stretch", "fit_stretch", "× energy", 1],
            background: ["Background", "fit_background", dataUnit, 1],
            background_slope_per_mev: ["Its slope", "fit_background", dataUnit + " per " + unitOf(unit), 1 / energyIn(1, unit)],
            extra_fwhm_mev: ["Extra width", "fit_width", unitOf(unit) + " FWHM", energyIn(1, unit)],
        };
        return Object.entries(rows).filter(([name]) => name in answer.standard_errors).map(([name, [label, key, words, factor]]) => {
            const error = answer.standard_errors[name];
            const value = answer[name];
            const told = value === null ? "—" : plusMinus(value * factor, error === null ? null : error * factor);
            return [term(label, key, terms), error === null && value !== null ? told + " (not determined)" : told, words];
        });
    }

    const NAMES = {
        scale: "Scale", shift_mev: "Shift", stretch: "Stretch", background: "Background",
        background_slope_per_mev: "Its slope", extra_fwhm_mev: "Extra width",
    };

    function correlations({ correlations: { parameters: names, matrix } }) {
        if (names.length < 2) { return null; }
        const rows = names.map((name, row) => [NAMES[name] || name,
            ...matrix[row].map((value, column) => (column > row ? "" : value === null ? "—" : value.toFixed(2).replace("-", "−")))]);
        return fold("Correlations of what was adjusted",
            scrolled(table(["", ...names.map((name) => NAMES[name] || name)], rows, { class: "data-table is-narrow" })));
    }

    const GOODNESS = [
        ["χ² per degree of freedom", "chi2", (one) => significant(one.chi2_reduced, 3)],
        ["R-factor", "r_factor", (one) => percent(one.r_factor)],
        ["R-factor, weighted", "r_weighted", (one) => percent(one.r_weighted)],
        ["Correlation", "correlation", (one) => (one.correlation === null ? "—" : one.correlation.toFixed(3).replace("-", "−"))],
        ["Points", null, (one) => count(one.n_points)],
    ];

    function agreement(answer, { unit, terms }) {
        const within = answer.range_mev.map((energy) => plain(energyIn(energy, unit), 3)).join(" to ") + " " + unitOf(unit);
        const rows = GOODNESS.map(([label, key, tell]) => [key ? term(label, key, terms) : label, tell(answer), tell(answer.everywhere)]);
        return table(["", "Fitted, " + within, "Everywhere"], rows);
    }

    function fitResults(answer, how) {
        const adjusted = parameters(answer, how);
        return [
            warned(answer.warnings),
            element("div", { class: "result-grid" },
                adjusted.length
                    ? scrolled(table([term("Adjusted", "standard_errors", how.terms), "Value ± standard error", "Unit"], adjusted))
                    : note("Nothing is adjusted: the forecast is compared as it is."),
                scrolled(agreement(answer, how))),
            correlations(answer),
        ];
    }

    // Peaks

    const shares = (parts) => Object.entries(parts || {}).filter(([, share]) => share !== null && share >= 0.005)
        .sort(([, one], [, other]) => other - one).map(([name, share]) => name + " " + Math.round(100 * share) + " %").join(", ");
    const orders = (parts) => Object.entries(parts || {}).filter(([, share]) => share !== null && share >= 0.005)
        .map(([name, share]) => name + ": " + Math.round(100 * share) + " %").join(", ");

    const decimals = (size) => size.toFixed(size < 10 ? 2 : 1);

    // Arrow, sign and word; the colour says it a third time.
    function difference(mev, unit) {
        if (mev === undefined) { return "—"; }
        const low = mev < 0;
        const size = decimals(Math.abs(energyIn(mev, unit)));
        return element("span", { class: low ? "redshift" : "blueshift" },
            (low ? "▼ −" : "▲ +") + size + " " + unitOf(unit),
            element("span", { class: "visually-hidden" }, low ? ", the forecast lies too low" : ", the forecast lies too high"));
    }

    function summary(answer, unit) {
        const found = answer.pairs.length;
        const all = found + answer.only_measured.length;
        if (!all) { return "No peak stands out of the data."; }
        const words = found + " of " + all + (all === 1 ? " measured peak has" : " measured peaks have") + " one in the forecast within " +
            plain(energyIn(answer.tolerance_mev, unit), 2) + " " + unitOf(unit) + ".";
        if (!found) { return words; }
        const sorted = answer.pairs.map((pair) => pair.difference_mev).sort((one, other) => one - other);
        const middle = (sorted[Math.floor((found - 1) / 2)] + sorted[Math.ceil((found - 1) / 2)]) / 2;
        const size = decimals(Math.abs(energyIn(middle, unit))) + " " + unitOf(unit);
        return words + " In the median, the forecast lies " + size + (middle < 0 ? " too low." : " too high.");
    }

    function peakResults(answer, how) {
        const { unit, terms, predictions, asked } = how;
        const energy = (mev, error) => (mev === undefined ? "—" : error ? plusMinus(energyIn(mev, unit), energyIn(error, unit))
            : significant(energyIn(mev, unit), 4));
        const width = (mev) => (mev === null || mev === undefined ? "—" : significant(energyIn(mev, unit), 2));
        const all = [...answer.pairs, ...answer.only_measured, ...answer.only_forecast];
        const at = (peak) => (peak.measured_mev === undefined ? peak.forecast_mev : peak.measured_mev);
        const withOrders = all.some((peak) => peak.orders);
        const several = all.some((peak) => Object.keys(peak.elements || {}).length > 1);
        const rows = all.sort((one, other) => at(one) - at(other)).map((peak) => Object.assign([
            energy(peak.measured_mev, peak.measured_error_mev), energy(peak.forecast_mev), difference(peak.difference_mev, unit),
            width(peak.measured_fwhm_mev) + " / " + width(peak.forecast_fwhm_mev),
            ...(several ? [shares(peak.elements) || "—"] : []),
            ...(withOrders ? [orders(peak.orders) || "—"] : []),
        ], { class: peak.difference_mev === undefined ? "is-alone" : null }));
        const head = ["Measured, " + unitOf(unit), "Forecast, " + unitOf(unit),
            term("Forecast − measured", "peak_difference", terms), "Widths, " + unitOf(unit),
            ...(several ? [term("Made of", "peak_elements", terms)] : []),
            ...(withOrders ? [term("Phonons at once", "peak_orders", terms)] : [])];
        const other = answer.orders_from && answer.orders_from !== asked.prediction_id
            ? predictions.find((one) => one.id === answer.orders_from) : null;
        return [
            element("p", { class: "result-summary" }, summary(answer, unit)),
            warned(answer.warnings),
            rows.length ? scrolled(table(head, rows)) : null,
            answer.orders_from && answer.orders_from !== asked.prediction_id
                ? note("Numbers of phonons are told by " + (other ? other.label : "a harmonic forecast of the same structure") + ".")
                : withOrders ? null : note("No harmonic forecast of the same structure tells the numbers of phonons."),
        ];
    }

    // Stages

    function stageResults(answer, { terms }) {
        const rows = answer.stages.map((stage) => [
            element("div", {}, stage.title, element("div", { class: "quiet small" }, stage.words)),
            ...GOODNESS.slice(0, 4).filter(([, key]) => key !== "r_weighted").map(([, , tell]) => tell(stage)),
            plusMinus(stage.scale, stage.standard_errors.scale),
        ]);
        const head = ["Stage", term("χ²/ν", "chi2", terms), term("R-factor", "r_factor", terms),
            term("Correlation", "correlation", terms), term("Scale", "fit_scale", terms)];
        return [warned(answer.warnings), scrolled(table(head, rows, { class: "data-table is-worded" }))];
    }

    // Ranking

    function certainty(share) {
        if (share === null) { return "—"; }
        return share > 0.999 ? "> 99.9 %" : share < 0.001 ? "< 0.1 %" : plain(100 * share, share > 0.99 ? 3 : 2) + " %";
    }

    function rankingResults(answer, { terms }) {
        const chi2 = answer.measure === "chi2";
        const worse = (one) => (one.worse_by === null ? "—" : one.rank === 1 ? "best" : chi2 ? significant(one.worse_by, 3) : percent(one.worse_by, 2));
        const rows = answer.ranked.map((one) => [
            one.rank + ". " + one.label, worse(one), certainty(one.probability_worse),
            ...GOODNESS.slice(0, 4).filter(([, key]) => key !== "r_weighted").map(([, , tell]) => tell(one)),
        ]);
        const head = ["Forecast", term(chi2 ? "Worse by Δχ²" : "Worse by", "worse_by", terms),
            term("Really worse", "probability_worse", terms), term("χ²/ν", "chi2", terms),
            term("R-factor", "r_factor", terms), term("Correlation", "correlation", terms)];
        return [
            answer.caution ? element("p", { class: "caution" }, element("strong", {}, "Take care. "), answer.caution) : null,
            warned(answer.warnings),
            scrolled(table(head, rows)),
        ];
    }

    // One line beneath a measured map.
    function mapWords(answer, dataUnit) {
        const words = ["Scale " + plusMinus(answer.scale, answer.standard_errors.scale) + " " + dataUnit + " / forecast’s"];
        if ("background" in answer.standard_errors) {
            words.push("background " + plusMinus(answer.background, answer.standard_errors.background) + " " + dataUnit);
        }
        if (answer.chi2_reduced !== null) { words.push("χ² per degree of freedom " + significant(answer.chi2_reduced, 3)); }
        words.push("R-factor " + percent(answer.r_factor));
        if (answer.correlation !== null) { words.push("correlation " + answer.correlation.toFixed(3).replace("-", "−")); }
        return [words.join(" · ") + " · " + count(answer.n_points) + " values.", ...answer.warnings].join(" ");
    }

    window.beamcast.tables = {
        fit: fitResults, peaks: peakResults, refinement: stageResults, ranking: rankingResults, mapWords,
    };
})();
