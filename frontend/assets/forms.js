// The 'New forecast' form: the fields that count are in sight.
(function () {
    "use strict";

    const skip = () => window.dash_clientside.no_update;
    let number = 0;

    // What stands in the form, numbered: Dash shows answers as they come in, and the last may be that to an old question.
    function ask(...values) {
        number += 1;
        return { number, values };
    }

    function answer(answered, asked) {
        const newest = Boolean(answered && asked) && answered.number === asked.number;
        return window.dash_clientside.callback_context.outputs_list.map((output, place) => {
            if (newest && place in answered.shown) { return answered.shown[place]; }
            return Array.isArray(output) ? output.map(skip) : skip();
        });
    }

    function showCrystal(sampling, zones) {
        return [sampling !== "path", zones !== "random", zones !== "chosen"];
    }

    // As in_sight in dynamics_form.py says it: an option that no chosen method takes is hidden.
    function showOptions(methods, choices, choiceIds, fields, context) {
        const ensemble = choices[choiceIds.findIndex((id) => id.name === "ensemble")];
        const chosen = methods || [];
        return fields.map(({ name }) => {
            if (name === "pressure_gpa" && ensemble !== "npt") { return true; }
            const takers = context.only[name];
            return Boolean(takers && chosen.length) && !takers.some((method) => chosen.includes(method));
        });
    }

    // An engine that none of the chosen methods can use any more is not asked for.
    function keepEngine(methods, chosen, context) {
        const engine = context.engines.find((one) => one.name === chosen);
        const able = !engine || !(methods || []).length || engine.methods.some((method) => methods.includes(method));
        return able ? skip() : "automatic";
    }

    window.dash_clientside = Object.assign({}, window.dash_clientside, {
        forms: { ask, answer, showCrystal, showOptions, keepEngine },
    });
})();
