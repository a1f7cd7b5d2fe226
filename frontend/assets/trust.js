// The badge beside a forecast's title leads to what it rests on, without a new address: that would load the page anew.
(function () {
    "use strict";

    document.addEventListener("click", (event) => {
        const badge = event.target.closest && event.target.closest(".trust-badge");
        const place = badge && document.getElementById("trust");
        if (!place) { return; }
        event.preventDefault();
        place.scrollIntoView({ block: "start" });
    });
})();
