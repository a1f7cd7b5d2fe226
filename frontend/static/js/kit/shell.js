// @ts-check
// The frame of every page.

import { offerRemoval } from "./removal.js";
import { explainTerms } from "./terms.js";
import { setTheme, theme } from "./theme.js";

document.getElementById("theme-toggle")?.addEventListener("click", () => {
    setTheme(theme() === "dark" ? "light" : "dark");
});
explainTerms();
offerRemoval();

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
