// What the API knows of a path and the controls do not: at which special points there are waves, how far out each zone
// lies, and what is to be said of the view.
(function () {
    "use strict";

    const { post, latestWins } = window.beamcast;
    const SAME = 1e-6;
    const GAMMA = "Γ";
    const { CM_PER_MEV } = window.beamcast;
    const known = new Map();

    async function look(id, view) {
        return (await post("/predictions/" + id + "/spectrum", view)).json();
    }

    // Special points at which a simulation has a wave: of molecular dynamics' box, that is some of them.
    async function ask(id) {
        const seen = await look(id, { instrument: null, energy_mev: { min: 0, max: 10, step: 1 } });
        const waves = seen.map.q_inv_angstrom;
        const sampled = seen.path.ticks.filter((tick) =>
            waves.some((distance) => Math.abs(distance - tick.distance_inv_angstrom) < SAME));
        return Array.from(new Set(sampled.flatMap((tick) => tick.label.split("|"))));
    }

    function pointsOf(prediction) {
        if (!known.has(prediction.id)) {
            const asked = ask(prediction.id);
            known.set(prediction.id, asked);
            asked.catch(() => known.delete(prediction.id));
        }
        return known.get(prediction.id);
    }

    // The point of the cut, and which of the simulations have no wave there. By default the first beyond Γ that all have.
    async function cutOf(view, ready) {
        let points = [];
        try {
            points = await Promise.all(ready.map(pointsOf));
        } catch (problem) {
            // The figure will say what is wrong.
            return { point: view.point, lacking: [], points: [] };
        }
        const usual = (points[0] || []).find((point) => point !== GAMMA && points.every((those) => those.includes(point)));
        const point = view.point || usual || null;
        const lacking = ready.filter((one, number) => point && !points[number].includes(point)).map((one) => one.id);
        return { point, lacking, usual, points };
    }

    const zoneName = (zone) => zone.join(" ").replace(/-/g, "\u2212");

    function zoneChoices(context, path) {
        const of = new Map(path.zones.map((zone) => [zone.hkl.join(","), zone]));
        const others = new Map();
        context.predictions.forEach((one) => one.zones.forEach((zone) => others.set(zone.join(","), zone)));
        const numbers = new Set(context.predictions.map((one) => one.zones.length));
        const average = numbers.size === 1 ? "Average over " + path.zones.length + " zones" : "Average over all zones";
        return [
            { value: "average", label: average },
            ...Array.from(of, ([value, zone]) => ({
                value, label: zoneName(zone.hkl) + " (" + zone.q_inv_angstrom.toFixed(2) + " Å⁻¹)",
            })),
            ...Array.from(others).filter(([value]) => !of.has(value)).map(([value, zone]) => ({ value, label: zoneName(zone) })),
        ];
    }

    // Points without a wave cannot be chosen, but for the one that the address names: its figure says what is wrong.
    function pointChoices(context, { usual, points }) {
        const all = Array.from(new Set(context.points));
        return [
            { value: "auto", label: "First beyond " + GAMMA + (usual ? ": " + usual : "") },
            ...all.map((point) => ({
                value: point, label: point, disabled: points.length > 0 && !points.some((those) => those.includes(point)),
            })),
        ];
    }

    let told = {};

    function put(name, id, props) {
        const text = JSON.stringify(props);
        if (told[name] !== text) {
            told[name] = text;
            window.dash_clientside.set_props(id, props);
        }
    }

    const tellNow = latestWins(async ({ now, asked, range }) => {
        const { view, context, done } = now;
        const { prediction_id: id, label, ...body } = asked;
        const unit = view.energy_unit === "meV" ? 1 : CM_PER_MEV;
        const [min, max] = range.map((value) => value / unit);
        const path = { ...body.path };
        delete path.zone;
        // Coarse: of all that is answered, the intensities are not looked at.
        const seen = await look(id, { ...body, path, energy_mev: { min, max, step: (max - min) / 64 } });
        const ready = context.predictions.filter((one) => (done || {})[one.id] === "succeeded");
        const cut = await cutOf(view, ready);
        if (shown !== context || !document.getElementById("path-warnings")) { return; }
        put("zone", { type: "path-choice", name: "zone" }, { data: zoneChoices(context, seen.path) });
        put("point", { type: "path-choice", name: "point" }, { data: pointChoices(context, cut) });
        put("warnings", "path-warnings", { children: seen.warnings.join(" ") });
    });

    let shown = null;
    let timer = null;

    // Once the controls rest: `asked` is the map's view, `range` its energies as they are drawn.
    function tell(now, asked, range) {
        if (shown !== now.context) {
            shown = now.context;
            told = {};
        }
        window.clearTimeout(timer);
        timer = window.setTimeout(() => tellNow({ now, asked, range }), 400);
    }

    window.beamcast.crystal = { cutOf, tell };
})();
