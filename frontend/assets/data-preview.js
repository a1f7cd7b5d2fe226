// The small figure of measured data as they are read: before they are kept, no figure of the API's shows them.
(function () {
    "use strict";

    const transposed = (rows) => (rows.length ? rows[0].map((_, column) => rows.map((row) => row[column])) : rows);

    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

    function axis(title) {
        return {
            title: { text: title, standoff: 6 }, automargin: true, zeroline: false, showline: true, mirror: true,
            linecolor: colour("--quiet"), gridcolor: colour("--line"), ticks: "outside", tickcolor: colour("--quiet"),
        };
    }

    function previewFigure({ curve, map }, theme) {
        const layout = {
            autosize: true, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false,
            font: { size: 12, color: colour("--ink"), family: getComputedStyle(document.body).fontFamily }, margin: { l: 56, r: 10, t: 10, b: 44 },
            modebar: window.beamcast.figures.toolbar(theme),
        };
        if (map) {
            const data = [{
                type: "heatmap", x: map.q_inv_angstrom, y: map.energy_mev, z: transposed(map.intensity),
                colorscale: "Viridis", hovertemplate: "%{x:.2f} Å⁻¹, %{y:.1f} meV: %{z:.3g}<extra></extra>", showscale: false,
            }];
            return { data, layout: { ...layout, xaxis: axis("|q| (Å⁻¹)"), yaxis: axis("Energy transfer (meV)") } };
        }
        const data = [{
            type: "scatter", mode: "lines", x: curve.energy_mev, y: curve.intensity, line: { color: colour("--accent"), width: 1.4 },
            error_y: { type: "data", array: curve.standard_error || [], visible: Boolean(curve.standard_error), width: 0, thickness: 1 },
            hovertemplate: "%{x:.4g} meV: %{y:.4g}<extra></extra>",
        }];
        return { data, layout: { ...layout, xaxis: axis("Energy transfer (meV)"), yaxis: axis("Intensity") } };
    }

    window.beamcast.previewFigure = previewFigure;
})();
