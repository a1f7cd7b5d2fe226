// Pieces of lists and tables that scripts make of what the API answers.
(function () {
    "use strict";

    // An element with its attributes and children; text stays text.
    function element(tag, attributes, ...children) {
        const made = document.createElement(tag);
        Object.entries(attributes || {}).forEach(([name, value]) => {
            if (name.startsWith("on")) {
                made.addEventListener(name.slice(2), value);
            } else if (typeof value === "boolean") {
                made.toggleAttribute(name, value);
            } else if (value !== null && value !== undefined) {
                made.setAttribute(name, value);
            }
        });
        made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
        return made;
    }

    const icon = (name, size) => {
        const made = element("span", { class: "icon icon-" + name, "aria-hidden": "true" });
        made.style.width = made.style.height = (size || 14) + "px";
        return made;
    };

    // Signs as printed: a minus, thin spaces between thousands.
    function printed(text) {
        const [whole, rest] = text.replace("-", "\u2212").split(".");
        const grouped = whole.length > 4 ? whole.replace(/(\d)(?=(\d{3})+$)/g, "$1\u202f") : whole;
        return rest === undefined ? grouped : grouped + "." + rest;
    }

    const count = (n) => printed(String(n));

    // A number with so many significant digits.
    function significant(value, digits) {
        if (value === null || value === undefined || !Number.isFinite(value)) { return "—"; }
        if (value === 0) { return "0"; }
        const power = Math.floor(Math.log10(Math.abs(value)));
        if (power >= 6 || power < -4) { return powerOfTen(value, digits || 3); }
        const kept = Math.max(0, (digits || 3) - 1 - power);
        return printed(value.toFixed(Math.min(kept, 12)));
    }

    // The same without noughts at its end: what was set, not what was measured.
    const plain = (value, digits) => significant(value, digits).replace(/(\.\d*?)0+($| )/, "$1$2").replace(/\.($| )/, "$1");

    const raised = (power) => String(power).replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);

    function powerOfTen(value, digits) {
        const [mantissa, power] = value.toExponential(digits - 1).split("e");
        return printed(mantissa) + " × 10" + raised(Number(power));
    }

    // A value and its standard error, which is given with two digits: 1.0234 ± 0.0051.
    function plusMinus(value, error) {
        if (value === null || value === undefined || !Number.isFinite(value)) { return "—"; }
        if (!(error > 0) || !Number.isFinite(error)) { return significant(value, 4); }
        const power = Math.floor(Math.log10(Math.max(Math.abs(value), error)));
        const far = power >= 6 || power < -4;
        const unit = far ? Math.pow(10, power) : 1;
        // Rounding 0.0996 to two digits gives 0.10.
        const last = Math.floor(Math.log10(Number(error.toPrecision(2)) / unit)) - 1;
        const rounded = (number) => (last < 0 ? (number / unit).toFixed(Math.min(-last, 15))
            : String(Math.round(number / unit / 10 ** last) * 10 ** last));
        const words = printed(rounded(value)) + " ± " + printed(rounded(error));
        return far ? "(" + words + ") × 10" + raised(power) : words;
    }

    // Rows are lists of cells, the first of which names the row; a row's class may stand beside it.
    function table(head, rows, attributes) {
        const cell = (content, tag, extra) => element(tag, extra, content);
        return element("table", { class: "data-table", ...attributes },
            element("thead", {}, element("tr", {}, head.map((content) => cell(content, "th", { scope: "col" })))),
            element("tbody", {}, rows.map((row) => element("tr", { class: row.class },
                row.map((content, place) => (place ? cell(content, "td") : cell(content, "th", { scope: "row" })))))));
    }

    const CM_PER_MEV = 8.065544;
    const UNIT_NAMES = { meV: "meV", "cm-1": "cm⁻¹" };

    // An energy in the unit of the figures' axis.
    const energyIn = (mev, unit) => (mev === null || mev === undefined ? mev : unit === "cm-1" ? mev * CM_PER_MEV : mev);

    window.beamcast.cells = { element, icon, count, significant, plain, plusMinus, table, energyIn, UNIT_NAMES };
    window.beamcast.CM_PER_MEV = CM_PER_MEV;
})();
