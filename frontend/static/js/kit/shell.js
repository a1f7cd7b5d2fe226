// @ts-check
// The frame of every page. Each module is a request: what most visits do not need is loaded when it is.

import { theme } from "./dom.js";

/** Switch the theme, and remember it. @param {import("./dom.js").Theme} wanted */
function setTheme(wanted) {
    document.documentElement.dataset.theme = wanted;
    try {
        window.localStorage.setItem("theme", wanted);
    } catch {
        // No storage: the theme lasts as long as the page
    }
    document.dispatchEvent(new CustomEvent("themechange", { detail: wanted }));
}

document.getElementById("theme-toggle")?.addEventListener("click", () => {
    setTheme(theme() === "dark" ? "light" : "dark");
});

document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-remove]") : null;
    if (button instanceof HTMLElement) (await import("./removal.js")).askToRemove(button);
});
document.addEventListener("change", async ({ target }) => {
    if (target instanceof HTMLSelectElement && target.matches("[data-collect]")) await (await import("./collect.js")).collect(target);
});

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-copy-link]"))) {
    const label = button.textContent;
    button.addEventListener("click", async () => {
        try {
            await navigator.clipboard.writeText(button.dataset.copyLink || window.location.href);
            button.textContent = "Link copied";
        } catch {
            button.textContent = "Copy it from the address bar";
        }
        window.setTimeout(() => { button.textContent = label; }, 2500);
    });
}

// Explanations of terms, in one box: at the pointer over a term, and at the focus of the control that a term labels, so
// that terms themselves are no stops of the Tab key. Screen readers get the text as the control's description.

const GAP = 8;
const box = document.createElement("div");
box.className = "term-box";
box.setAttribute("aria-hidden", "true");
box.hidden = true;

/** @param {EventTarget | null} target @returns {HTMLElement | null} */
const termAt = (target) => (target instanceof Element ? target.closest(".term") : null);

/** @param {EventTarget | null} target a control @returns {HTMLElement | null} the term in its label */
function termOfControl(target) {
    if (!(target instanceof HTMLElement) || !target.matches(":focus-visible")) return null;
    const labels = "labels" in target ? /** @type {NodeListOf<HTMLElement> | null} */ (target.labels) : null;
    for (const label of [...(labels ?? []), target.closest(".setting, .field")]) {
        const found = /** @type {HTMLElement | null} */ (label?.querySelector(".term"));
        if (found) return found;
    }
    return null;
}

/** @param {HTMLElement} term */
function show(term) {
    // A modal dialog covers what is not in it
    const layer = term.closest("dialog") ?? document.body;
    if (box.parentElement !== layer) layer.append(box);
    box.textContent = term.dataset.explanation ?? "";
    box.hidden = false;
    const place = term.getBoundingClientRect();
    const left = Math.min(place.left, window.innerWidth - box.offsetWidth - GAP);
    const above = place.top - box.offsetHeight - GAP;
    box.style.left = `${Math.max(GAP, left)}px`;
    box.style.top = `${above > GAP ? above : place.bottom + GAP}px`;
}

const hide = () => { box.hidden = true; };

/** Show explanations on this page. */
function explainTerms() {
    document.addEventListener("mouseover", (event) => {
        const term = termAt(event.target) ?? termOfControl(document.activeElement);
        if (term) show(term);
        else hide();
    });
    document.addEventListener("focusin", (event) => {
        const term = termOfControl(event.target);
        if (term) show(term);
        else hide();
    });
    document.addEventListener("focusout", hide);
    document.addEventListener("click", (event) => {
        const term = termAt(event.target);
        if (!term) return;
        // A finger on a term asks for its explanation, not for the switch that it labels
        event.preventDefault();
        show(term);
    });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
    window.addEventListener("scroll", hide, { passive: true, capture: true });
    for (const control of document.querySelectorAll("input, select, textarea")) describe(/** @type {HTMLElement} */ (control));
}

/** @param {HTMLElement} control */
function describe(control) {
    if (control.hasAttribute("aria-description")) return;
    const labels = "labels" in control ? /** @type {NodeListOf<HTMLElement> | null} */ (control.labels) : null;
    const term = /** @type {HTMLElement | null} */ (labels?.[0]?.querySelector(".term"));
    if (term?.dataset.explanation) control.setAttribute("aria-description", term.dataset.explanation);
}

explainTerms();
