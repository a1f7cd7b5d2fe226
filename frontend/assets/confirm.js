// Deleting, once the user has said yes.
(function () {
    "use strict";

    const { call, ApiProblem } = window.beamcast;
    const skip = () => window.dash_clientside.no_update;
    const set = (id, props) => window.dash_clientside.set_props(id, props);

    function ask(clicks, questions) {
        const touched = window.dash_clientside.callback_context.triggered_id;
        if (!touched || !(clicks || []).some(Boolean)) { return Array(5).fill(skip()); }
        const words = questions[touched.id] || {};
        return [true, words.title || "Delete this?", words.text || "", null, { what: touched.what, id: touched.id }];
    }

    // The same question from a list that scripts make.
    window.beamcast.askToDelete = function (target, words) {
        set("confirm-text", { children: words.text });
        set("confirm-problem", { children: null });
        set("confirm-target", { data: target });
        set("confirm", { opened: true, title: words.title });
    };

    function keep(clicks) {
        if (clicks) { set("confirm", { opened: false }); }
        return skip();
    }

    // The forecast without the one that is gone, looked at as before; with none left, the structure.
    function without(id) {
        const query = new URLSearchParams(window.location.search);
        const rest = (query.get("predictions") || "").split(",").filter((one) => one && one !== id);
        if (!rest.length) { return window.location.pathname.replace("/forecast/", "/structures/"); }
        query.set("predictions", rest.join(","));
        return window.location.pathname + "?" + query.toString().replace(/%2C/g, ",");
    }

    const gone = (path) => call(path, { method: "DELETE" });

    const PATHS = {
        structure: "/structures/", prediction: "/predictions/", dataset: "/datasets/", proposal: "/proposals/", report: "/proposals/",
    };
    const WITH = { structure: "?with_predictions=true" };

    async function remove(clicks, target) {
        if (!clicks || !target) { return skip(); }
        set("confirm-yes", { loading: true });
        try {
            await gone(PATHS[target.what] + target.id + (WITH[target.what] || ""));
        } catch (problem) {
            set("confirm-problem", { children: problem instanceof ApiProblem ? problem.text : String(problem) });
            return false;
        }
        set("confirm", { opened: false });
        if (target.what === "dataset") {
            window.beamcast.datasets.gone(target.id);
            return false;
        }
        if (target.what === "report") {
            window.beamcast.proposals.stale();
            return false;
        }
        if (window.beamcast.stopFollowing) { window.beamcast.stopFollowing(); }
        if (target.what === "proposal") {
            set("location", { href: "/proposals" });
            return false;
        }
        set("location", { href: target.what === "structure" ? "/" : without(target.id) });
        return false;
    }

    window.dash_clientside = Object.assign({}, window.dash_clientside, { confirm: { ask, keep, remove } });
})();
