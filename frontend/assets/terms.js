// Explanations of terms: one box for the whole page, shown at what is pointed at, focused or touched.
// Mantine's own Tooltip makes Dash look at every component of the page at each change, for each tooltip: a slider
// beside twenty of them stutters.
(function () {
    "use strict";

    const box = document.createElement("div");
    box.className = "term-box";
    box.setAttribute("aria-hidden", "true"); // the term itself carries the text for screen readers
    box.hidden = true;

    const termOf = (event) => event.target.closest && event.target.closest(".term");

    function show(term) {
        if (!box.isConnected) { document.body.appendChild(box); }
        box.textContent = term.getAttribute("aria-description");
        box.hidden = false;
        const gap = 8;
        const at = term.getBoundingClientRect();
        const left = Math.min(at.left, window.innerWidth - box.offsetWidth - gap);
        const above = at.top - box.offsetHeight - gap;
        box.style.left = Math.max(gap, left) + "px";
        box.style.top = (above > gap ? above : at.bottom + gap) + "px";
    }

    function hide() { box.hidden = true; }

    document.addEventListener("mouseover", (event) => {
        const term = termOf(event);
        if (term) { show(term); } else if (!document.activeElement.matches(".term:focus-visible")) { hide(); }
    });
    document.addEventListener("focusin", (event) => {
        const term = termOf(event);
        if (term) { show(term); } else { hide(); }
    });
    document.addEventListener("focusout", hide);
    document.addEventListener("click", (event) => {
        // A term within a label explains itself and does not press the switch beside it.
        const term = termOf(event);
        if (term) {
            event.preventDefault();
            show(term);
        }
    });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") { hide(); } });
    window.addEventListener("scroll", hide, { passive: true, capture: true });
})();
