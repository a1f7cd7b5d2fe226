// Which incident energies come along with the chosen one, of the instruments whose choppers are known.
(function () {
    "use strict";

    const { post, latestWins } = window.beamcast;
    const set = (kind, instrument, props) => window.dash_clientside.set_props({ type: kind, instrument }, props);
    const MOST = 5;
    const known = new Map();
    let shown = {};

    async function ask(name, settings) {
        const key = name + JSON.stringify(settings);
        if (!known.has(key)) {
            const answer = await (await post("/instruments/" + name + "/repetitions", { settings })).json();
            if (known.size > 500) { known.clear(); }
            known.set(key, words(answer, settings.e_init));
        }
        return known.get(key);
    }

    // null: the choppers are not known.
    function words(answer, chosen) {
        if (!answer.choppers_known) { return null; }
        const others = answer.repetitions.map((one) => one.e_init_mev).filter((energy) => Math.abs(energy - chosen) > 0.01 * chosen);
        if (!others.length) { return "no other energy"; }
        const list = others.slice(0, MOST).map((energy) => Number(energy.toPrecision(3)));
        return "Eᵢ = " + list.join(", ") + (others.length > MOST ? ", …" : "") + " meV";
    }

    const tell = latestWins(async ({ view, context }) => {
        for (const name of view.instruments.filter((one) => context.instruments[one].geometry === "direct")) {
            // Its settings come with its panel.
            if (!view.settings[name]) { continue; }
            let text = null;
            try { text = await ask(name, view.settings[name]); } catch (problem) { /* the figure says what is wrong */ }
            if (shown[name] === text) { continue; }
            shown[name] = text;
            set("repetitions-line", name, { hidden: text === null });
            if (text !== null) { set("repetitions", name, { children: text }); }
        }
    });

    let seen = null;
    window.beamcast.tellRepetitions = function (now) {
        if (seen !== now.context) { shown = {}; }
        seen = now.context;
        tell(now);
    };
})();
