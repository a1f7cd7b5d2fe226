// @ts-check
// The figure of measured data as they are read: before they are saved, the API draws none.

/**
 * Return a figure of a curve or a map, in the colours of the page.
 * @param {{curve?: any, map?: any}} data as the API gives them
 */
export function previewFigure({ curve, map }) {
    const style = getComputedStyle(document.body);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const axis = (/** @type {string} */ title) => ({
        title: { text: title, standoff: 6 }, automargin: true, zeroline: false, showline: true, mirror: true,
        linecolor: colour("--quiet"), gridcolor: colour("--line"), ticks: "outside", tickcolor: colour("--quiet"),
    });
    const layout = {
        paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, margin: { l: 56, r: 10, t: 10, b: 44 },
        font: { size: 12, color: colour("--ink"), family: style.fontFamily },
        xaxis: axis(map ? "|q| (Å⁻¹)" : "Energy transfer (meV)"), yaxis: axis(map ? "Energy transfer (meV)" : "Intensity"),
    };
    const trace = map
        ? {
            type: "heatmap", x: map.q_inv_angstrom, y: map.energy_mev, z: map.intensity, transpose: true, colorscale: "Viridis",
            showscale: false, hovertemplate: "%{x:.2f} Å⁻¹, %{y:.1f} meV: %{z:.3g}<extra></extra>",
        }
        : {
            type: "scatter", mode: "lines", x: curve.energy_mev, y: curve.intensity, line: { color: colour("--accent"), width: 1.4 },
            error_y: { type: "data", array: curve.standard_error ?? [], visible: Boolean(curve.standard_error), width: 0, thickness: 1 },
            hovertemplate: "%{x:.4g} meV: %{y:.4g}<extra></extra>",
        };
    return { data: [trace], layout };
}
