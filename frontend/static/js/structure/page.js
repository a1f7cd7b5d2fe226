// @ts-check
// A structure: its figure, the states of its forecasts, and the form.

import { get, whenLoaded } from "../api.js";
import { followBadges } from "../kit/badges.js";
import { byId, pageData, theme } from "../kit/dom.js";
import { Figure, onRedraw } from "../kit/figure.js";
import { whenInView } from "../kit/in-view.js";
import { runForm } from "./form.js";

const data = /** @type {import("./form.js").PageData} */ (pageData("page-data"));

const figure = new Figure(byId("structure"));
const draw = async () => {
    try {
        await figure.draw(await get(`/structures/${data.structure_id}/figure?theme=${theme()}`));
    } catch (problem) {
        figure.refuse(problem);
    }
};
whenInView(figure.place, () => {
    void draw();
    onRedraw(() => void draw());
});

runForm(/** @type {HTMLFormElement} */ (byId("start-form")), data);
followBadges();
byId("displaced").addEventListener("toggle", () => whenLoaded(import("../kit/displacements.js"), ({ offerDisplacements }) => {
    offerDisplacements(() => `/structures/${data.structure_id}`, document.querySelector("h1")?.textContent ?? "structure");
}), { once: true });
