// @ts-check
// Figures on paper: they were drawn for the screen, and scale to the width of the page.

/** Let the drawings of a page scale: a drawing with a view box has no size of its own. */
function letScale() {
    for (const svg of /** @type {NodeListOf<SVGSVGElement>} */ (document.querySelectorAll(".js-plotly-plot .main-svg"))) {
        const [width, height] = [svg.getAttribute("width"), svg.getAttribute("height")];
        if (!Number(width) || !Number(height)) continue;
        svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
        /** @type {HTMLElement | null} */ (svg.closest(".svg-container"))?.style.setProperty("--graph-aspect", `${width} / ${height}`);
    }
}

/** A 3-D figure is empty on paper: its canvas is read at once after it is drawn, and printed as an image. */
function copyScenes() {
    for (const graph of /** @type {NodeListOf<HTMLElement & Record<string, any>>} */ (document.querySelectorAll(".js-plotly-plot"))) {
        const plot = graph._fullLayout?.scene?._scene?.glplot;
        if (!plot) continue;
        plot.redraw();
        const image = new Image();
        image.className = "print-image";
        image.alt = "";
        image.src = plot.canvas.toDataURL();
        graph.querySelector(".gl-container")?.append(image);
    }
}

/** On the screen a drawing that grows with its window must not be stretched. */
function endScale() {
    for (const image of document.querySelectorAll(".print-image")) image.remove();
    for (const svg of document.querySelectorAll(".js-plotly-plot .main-svg")) svg.removeAttribute("viewBox");
}

window.addEventListener("beforeprint", () => {
    letScale();
    copyScenes();
});
window.addEventListener("afterprint", endScale);
