// The 'New forecast' form: of a single crystal's fields those that count are in sight.
(function () {
    "use strict";

    function showCrystal(sampling, zones) {
        return [sampling !== "path", zones !== "random", zones !== "chosen"];
    }

    window.dash_clientside = Object.assign({}, window.dash_clientside, { forms: { showCrystal } });
})();
