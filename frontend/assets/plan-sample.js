// The sample in the beam: how thick, what goes through, what becomes radioactive; and what another isotope would change.
(function () {
    "use strict";

    const { cells } = window.beamcast;
    const { element, significant, plain, table } = cells;
    const { place, set, part, figurePart, advice, deuteration, figure, term, fact, warned, hoursWords, bandWords } = window.beamcast.plan;

    let now = null;

    const percent = (share, digits) => significant(100 * share, digits || 2) + " %";
    const scrolled = (content) => element("div", { class: "table-frame", tabindex: "0" }, content);
    // "C6D6" with its numbers below the line.
    const formula = (text) => element("span", { class: "formula" },
        text.split(/(\d+(?:\.\d+)?)/).filter(Boolean).map((piece) => (/^\d/.test(piece) ? element("sub", {}, piece) : piece)));

    function sampleFacts({ sample, multiple_scattering, container_scattering }, terms) {
        const size = sample.geometry === "cylinder" ? "Ø " + plain(sample.thickness_mm, 3) + " × " + plain(sample.height_mm, 3) + " mm"
            : plain(sample.width_mm, 3) + " × " + plain(sample.height_mm, 3) + " mm, " + plain(sample.thickness_mm, 3) + " mm thick";
        return element("dl", { class: "facts plan-facts" },
            fact("Formula", formula(sample.formula)),
            fact("Size", size),
            fact("Mass", significant(sample.mass_g, 3) + " g (" + significant(sample.moles, 3) + " mol)"),
            fact("Density", significant(sample.density_g_cm3, 4) + " g cm⁻³" + (sample.packing < 1 ? ", " + percent(sample.packing) + " filled" : "")),
            fact(term("Scattered", "scatterer", terms), significant(sample.scatterer_percent, 2) + " % of the beam"),
            fact("For the requested fraction", sample.thickness_for_percent_mm === null ? "none of this shape" : plain(sample.thickness_for_percent_mm, 3) + " mm"),
            fact("Cross sections", significant(sample.scattering_barn, 3) + " barn scattered, " + significant(sample.absorption_barn, 3) + " absorbed"),
            fact("Container", sample.container + (sample.container_mass_g > 0 ? ", " + significant(sample.container_mass_g, 2) + " g" : "")),
            fact(term("Multiple scattering", "multiple_scattering", terms), percent(multiple_scattering)),
            fact(term("By the container", "container_scattering", terms), percent(container_scattering)));
    }

    // At a handful of energies of the band.
    function transmissionTable({ energy_mev, transmission, scattered, absorbed }, terms) {
        const n = energy_mev.length;
        if (!n) { return null; }
        const at = Array.from(new Set([0, 1, 2, 3, 4].map((step) => Math.round((step * (n - 1)) / 4))));
        const rows = at.map((one) => [plain(energy_mev[one], 3) + " meV", percent(transmission[one]), percent(scattered[one]), percent(absorbed[one])]);
        return scrolled(table(["Neutrons of", term("Transmitted", "transmission", terms), "Scattered", "Absorbed"], rows));
    }

    // Hours after the beam as people say them.
    const after = (hours) => (Number(hours) === 0 ? "At once" : "After " + hoursWords(Number(hours)).replace(".0 ", " "));
    const micro = (value) => (value < 1e-3 ? "< 0.001" : significant(value, 2));

    function activationTable({ total_uci, nuclides, cool_down_h, hours }, terms) {
        const times = Object.keys(total_uci).sort((one, other) => Number(one) - Number(other)).slice(0, 4);
        const rows = [["All together", "", ...times.map((time) => micro(total_uci[time]))],
            ...nuclides.slice(0, 4).map((one) => [one.nuclide, one.half_life.replace(/ m$/, " min"), ...times.map((time) => micro(one.activity_uci[time] || 0))])];
        const wait = cool_down_h === null ? "never within ten years" : cool_down_h <= 0 ? "none" : hoursWords(cool_down_h);
        return element("div", {},
            scrolled(table([term("Activity, µCi", "activation", terms), "Half-life", ...times.map(after)], nuclides.length ? rows : rows.slice(0, 1))),
            element("p", { class: "small flush plan-wait" }, term("Cool-down", "cool_down", terms), " after " + hoursWords(hours) + " of irradiation: ", element("strong", {}, wait), "."));
    }

    const numbers = part("sample", {
        path: ({ context }) => "/structures/" + context.structure.id + "/sample-advice",
        problem: "plan-sample-problem",
        busy: (is) => place("plan-sample").setAttribute("aria-busy", String(is)),
        show: (answer, { context, where }) => {
            const body = place("plan-sample-body");
            if (!answer) {
                body.replaceChildren();
                return;
            }
            const { terms } = context;
            const heading = (text) => element("h3", { class: "plan-subtitle" }, text);
            body.replaceChildren(...[
                warned(answer.warnings),
                answer.advice.length ? element("ul", { class: "plan-advice" }, answer.advice.map((one) => element("li", {}, one))) : null,
                element("div", { class: "result-grid" },
                    element("div", {}, sampleFacts(answer, terms)),
                    element("div", {},
                        heading("Transmission" + (where ? ", " + where : "")),
                        transmissionTable(answer.transmission, terms),
                        heading("Activation"),
                        activationTable(answer.activation, terms))),
            ].filter(Boolean));
        },
    });

    // Another isotope

    function besides({ as_planned, instead, warnings }) {
        const best = (plan) => plan.ranked[0];
        const row = (name, tell) => [name, tell(as_planned), tell(instead)];
        const hours = (plan) => {
            const one = best(plan);
            if (!one) { return "no setting measures a feature"; }
            if (one.hours === null) { return one.basis === "relative" ? "not known" : "never"; }
            return [hoursWords(one.hours), bandWords(one.hours_low, one.hours_high)].filter(Boolean).join(", ");
        };
        const rows = [
            row("Thickness", ({ sample }) => plain(sample.thickness_mm, 3) + " mm"),
            row("Mass", ({ sample }) => significant(sample.mass_g, 3) + " g"),
            row("Scattered", ({ sample }) => significant(sample.scatterer_percent, 2) + " %"),
            row("Best setting", (plan) => (best(plan) ? best(plan).label : "—")),
            row("Beam time", hours),
            row("Resolved pairs", (plan) => (best(plan) ? best(plan).n_resolved + " of " + best(plan).pairs.length : "—")),
        ];
        return [warned(warnings), scrolled(table(["", formula(as_planned.sample.formula), formula(instead.sample.formula)], rows, { class: "data-table is-worded plan-besides" }))].filter(Boolean);
    }

    const other = part("deuteration", {
        path: () => "/plans/deuteration",
        problem: "plan-deuteration-problem",
        busy: (is) => {
            place("plan-deuteration").setAttribute("aria-busy", String(is));
            if (is && !place("plan-deuteration-table").childElementCount) {
                place("plan-deuteration-table").replaceChildren(element("p", { class: "quiet small" }, "Both samples are being planned …"));
            }
        },
        show: (answer, request) => {
            place("plan-deuteration-table").replaceChildren(...(answer ? besides(answer) : []));
            if (answer) { drawing.start(request.drawn); }
        },
    });
    const drawing = figurePart("plan-deuteration");

    function look(looking, setting) {
        if (!now || now.context !== looking.context) { [numbers, other, drawing].forEach((one) => one.forget()); }
        now = looking;
        const { state, context } = looking;
        const where = setting ? { instrument: setting.instrument, settings: setting.settings } : {};
        numbers.start({ body: { ...advice(state), ...where }, context, where: setting ? setting.label : null });
        set("plan-deuteration", { hidden: !state.instead_on });
        if (!state.instead_on || !state.instead) {
            [other, drawing].forEach((one) => one.forget());
            return;
        }
        const drawn = { body: figure("deuteration", deuteration(state), state), context, theme: state.theme };
        other.start({ body: deuteration(state), context, drawn }, () => drawing.start(drawn));
    }

    window.beamcast.plan.samplePanel = { look };
})();
