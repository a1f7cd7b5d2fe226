// @ts-check
// A mode in motion: atoms, bonds and the edges of the cell in 3-D, moving; or at rest, with arrows of displacement.

import { get } from "../api.js";
import { byId, element, fill } from "../kit/dom.js";
import { Figure } from "../kit/figure.js";

/** @typedef {import("../../../types/api").components["schemas"]["MotionOut"]} Answer */
/** @typedef {import("../../../types/api").components["schemas"]["AtomsOut"]} Atoms */
/** @typedef {[number, number, number]} Vector */
/** @typedef {{x: (number | null)[], y: (number | null)[], z: (number | null)[]}} Points */

const PERIOD_MS = 1600;
/** 30 frames a second, or fewer where drawing is slow: it may take this part of the time. */
const FRAME_MS = 33;
const MAX_LOAD = 0.6;
/** Length of an arrow over the amplitude: arrows begin inside of atoms. */
const ARROW_SCALE = 2.5;
/** Shorter displacements, of the largest one, have no arrow. */
const MIN_ARROW = 0.05;
const BOND_PX = 5;
/** Å around the atoms at rest. */
const MARGIN = 1;
/** Diagonal of the scene in Plotly's units, for a frame of this width over its height, and at most: the cell fills it. */
const SCENE_DIAGONAL = 2.2;
const MAX_SCENE_DIAGONAL = 3.2;
const CORNERS = /** @type {Vector[]} */ ([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 1]]);

/**
 * Return where atoms are: r + A Re(u exp(−iωt)).
 * @param {Atoms} atoms
 * @param {number} amplitude Å
 * @param {number} phase ωt
 * @returns {Vector[]}
 */
export function displaced(atoms, amplitude, phase) {
    const [real, imaginary] = [amplitude * Math.cos(phase), amplitude * Math.sin(phase)];
    return /** @type {Vector[]} */ (atoms.position_angstrom.map((position, atom) => position.map((value, axis) =>
        value + real * (atoms.displacement_re[atom]?.[axis] ?? 0) + imaginary * (atoms.displacement_im[atom]?.[axis] ?? 0))));
}

/**
 * Return the phase at which all atoms together are farthest from their places: that of Σ u·u, halved.
 * @param {Atoms} atoms
 */
export function widestPhase(atoms) {
    let [real, imaginary] = [0, 0];
    atoms.displacement_re.forEach((vector, atom) => vector.forEach((re, axis) => {
        const im = atoms.displacement_im[atom]?.[axis] ?? 0;
        real += re * re - im * im;
        imaginary += 2 * re * im;
    }));
    return Math.atan2(imaginary, real) / 2;
}

/** @param {(Vector | null)[]} points null: a gap in a line @returns {Points} */
const columns = (points) => ({ x: points.map((one) => one?.[0] ?? null), y: points.map((one) => one?.[1] ?? null), z: points.map((one) => one?.[2] ?? null) });

/** @param {Vector[]} lattice rows @returns {Points} the twelve edges of a cell */
function edges(lattice) {
    const place = (/** @type {Vector} */ corner) => /** @type {Vector} */ ([0, 1, 2].map((axis) =>
        corner.reduce((sum, step, row) => sum + step * (lattice[row]?.[axis] ?? 0), 0)));
    return columns(CORNERS.flatMap((from) => [0, 1, 2].filter((axis) => !from[axis]).flatMap((axis) => {
        const to = /** @type {Vector} */ (from.map((step, place_) => (place_ === axis ? 1 : step)));
        return [place(from), place(to), null];
    })));
}

/**
 * Return what moves, an entry for each element: its atoms, then its halves of the bonds.
 * @param {Answer} answer
 * @param {Vector[]} places
 * @returns {Points[]}
 */
export function moving({ atoms, bonds, elements }, places) {
    const names = Object.keys(elements);
    const halves = new Map(names.map((name) => [name, /** @type {(Vector | null)[]} */ ([])]));
    for (const pair of bonds) {
        const [one, other] = /** @type {[Vector, Vector]} */ (pair.map((atom) => places[atom]));
        const middle = /** @type {Vector} */ (one.map((value, axis) => (value + (other[axis] ?? 0)) / 2));
        pair.forEach((atom, end) => halves.get(atoms.element[atom] ?? "")?.push(end ? other : one, middle, null));
    }
    return [
        ...names.map((name) => columns(places.filter((_, atom) => atoms.element[atom] === name))),
        ...names.map((name) => columns(halves.get(name) ?? [])),
    ];
}

/**
 * Return arrows from the places of atoms along their largest displacements, as cones on lines.
 * @param {Atoms} atoms
 * @param {number} amplitude Å
 */
export function arrows(atoms, amplitude) {
    const tips = displaced(atoms, ARROW_SCALE * amplitude, widestPhase(atoms));
    const pairs = atoms.position_angstrom.map((from, atom) => ({ from: /** @type {Vector} */ (from), to: /** @type {Vector} */ (tips[atom]) }))
        .map((pair) => ({ ...pair, length: Math.hypot(...pair.to.map((value, axis) => value - (pair.from[axis] ?? 0))) }))
        .filter(({ length }) => length >= MIN_ARROW * ARROW_SCALE * amplitude);
    const along = pairs.map(({ from, to, length }) => to.map((value, axis) => (value - (from[axis] ?? 0)) / length));
    return {
        lines: columns(pairs.flatMap(({ from, to }) => [from, to, null])),
        heads: { ...columns(pairs.map(({ to }) => to)), u: along.map(([u]) => u), v: along.map(([, v]) => v), w: along.map(([, , w]) => w) },
    };
}

/** @param {Answer} answer @param {number} shape width of the frame over its height */
function layoutOf({ atoms, lattice_angstrom: lattice }, shape) {
    const corners = edges(/** @type {Vector[]} */ (lattice));
    const hidden = { visible: false, showspikes: false };
    const ranges = /** @type {("x" | "y" | "z")[]} */ (["x", "y", "z"]).map((name, axis) => {
        const values = [...atoms.position_angstrom.map((place) => place[axis] ?? 0), ...corners[name].filter((value) => value !== null)];
        return [Math.min(...values) - MARGIN, Math.max(...values) + MARGIN];
    });
    const spans = ranges.map(([low = 0, high = 0]) => high - low);
    const ratio = Math.min(SCENE_DIAGONAL * shape, MAX_SCENE_DIAGONAL) / Math.hypot(...spans);
    return {
        margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "rgba(0,0,0,0)", showlegend: false,
        scene: {
            // Fixed, so that the scene stays where it is
            xaxis: { ...hidden, range: ranges[0] }, yaxis: { ...hidden, range: ranges[1] }, zaxis: { ...hidden, range: ranges[2] },
            aspectmode: "manual", aspectratio: { x: ratio * (spans[0] ?? 1), y: ratio * (spans[1] ?? 1), z: ratio * (spans[2] ?? 1) },
            camera: { eye: { x: 1.15, y: -1.45, z: 0.7 }, projection: { type: "orthographic" } }, dragmode: "orbit",
        },
    };
}

/** The animation of one mode, in a box with its controls. */
export class Motion {
    phase = 0;
    turn = 0;
    frame = 0;
    /** Time of the last frame, and the earliest of the next one that is drawn, ms. */
    last = 0;
    next = 0;
    inView = false;
    held = false;
    busy = false;

    /** @param {HTMLElement} box */
    constructor(box) {
        this.box = box;
        this.figure = new Figure(byId("motion"), { lines: false, name: "mode" });
        this.button = byId("motion-play");
        this.slider = /** @type {HTMLInputElement} */ (byId("motion-amplitude"));
        this.playing = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
        /** @type {Answer | null} */
        this.answer = null;
        // Not a part of the page's address
        for (const name of ["input", "change"]) box.addEventListener(name, (event) => event.stopPropagation());
        this.slider.addEventListener("input", () => this.#rest());
        this.button.addEventListener("click", () => { this.playing = !this.playing; this.#rest(); });
        new IntersectionObserver(([entry]) => { this.inView = Boolean(entry?.isIntersecting); this.#start(); }).observe(this.figure.graph);
        document.addEventListener("visibilitychange", () => this.#start());
        // A new frame would undo the turn that is under way
        this.figure.graph.addEventListener("pointerdown", () => { this.held = true; }, { capture: true });
        for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, () => { this.held = false; });
        this.#label();
    }

    /** Fetch a mode and animate it. @param {string} path below /api/v1 @param {string} text what it is */
    async show(path, text) {
        this.turn += 1;
        const { turn } = this;
        if (!this.figure.drawn) this.figure.say("Reading the mode …");
        try {
            const answer = /** @type {Answer} */ (await get(path));
            if (turn !== this.turn) return;
            this.answer = answer;
            this.phase = 0;
            this.figure.graph.setAttribute("aria-label", `Motion of the atoms at ${text}`);
            const cells = answer.repeats.join(" × ");
            this.figure.note([text, answer.whole_period && answer.repeats.some((one) => one > 1) ? `${cells} cells hold the whole wave.` : "",
                ...answer.notices.map((one) => one.message)].filter(Boolean).join(". "));
            fill(byId("motion-legend"), ...Object.entries(answer.elements).map(([name, { colour }]) => {
                const dot = element("span", { class: "motion-dot" });
                dot.style.background = colour;
                return element("li", {}, dot, name);
            }));
            await this.#draw();
            this.#start();
        } catch (problem) {
            if (turn !== this.turn) return;
            this.answer = null;
            this.figure.refuse(problem);
        }
    }

    /** Stand still, since nothing is shown. */
    stop() {
        this.turn += 1;
        window.cancelAnimationFrame(this.frame);
        this.frame = 0;
    }

    /** Go on after a stop. */
    resume() {
        if (this.answer) this.#start();
    }

    get amplitude() {
        return Number(this.slider.value);
    }

    #label() {
        this.button.textContent = this.playing ? "Pause" : "Play";
        byId("motion-amplitude-value").textContent = `${this.amplitude.toFixed(2)} Å`;
        this.box.dataset.state = this.playing ? "playing" : "paused";
    }

    /** Follow the controls. */
    #rest() {
        this.#label();
        if (!this.answer) return;
        if (this.playing) this.#start();
        void this.#draw();
    }

    async #draw() {
        const { answer } = this;
        if (!answer) return;
        this.busy = true;
        try {
            const { atoms, elements, lattice_angstrom: lattice } = answer;
            const looks = Object.entries(elements);
            const places = this.playing ? displaced(atoms, this.amplitude, this.phase) : /** @type {Vector[]} */ (atoms.position_angstrom);
            const { lines, heads } = arrows(atoms, this.amplitude);
            const style = getComputedStyle(this.box);
            const [quiet, accent] = ["--quiet", "--accent"].map((name) => style.getPropertyValue(name).trim());
            const common = { type: "scatter3d", hoverinfo: "skip" };
            const parts = moving(answer, places);
            const data = [
                ...looks.map(([name, look], place) => ({ ...common, ...parts[place], name, mode: "markers",
                    marker: { size: look.size_px, color: look.colour, opacity: 1, line: { color: quiet, width: 1 } } })),
                ...looks.map(([name, look], place) => ({ ...common, ...parts[looks.length + place], name: `${name} bonds`, mode: "lines",
                    line: { color: look.colour, width: BOND_PX } })),
                { ...common, ...edges(/** @type {Vector[]} */ (lattice)), name: "cell", mode: "lines", line: { color: quiet, width: 1.5 } },
                { ...common, ...lines, name: "arrows", mode: "lines", visible: !this.playing, line: { color: accent, width: 4 } },
                { ...heads, type: "cone", name: "arrow heads", visible: !this.playing, hoverinfo: "skip", showscale: false, anchor: "center",
                    sizemode: "absolute", sizeref: 0.3, colorscale: [[0, accent], [1, accent]] },
            ];
            const { clientWidth: width, clientHeight: height } = this.figure.graph;
            await this.figure.draw({ data, layout: layoutOf(answer, width / height || 1) }, answer.repeats.join());
        } finally {
            this.busy = false;
        }
    }

    #start() {
        if (this.frame || !this.answer || !this.playing || !this.inView || document.hidden) return;
        this.last = performance.now();
        this.frame = window.requestAnimationFrame((now) => this.#step(now));
    }

    /** @param {number} now ms */
    #step(now) {
        this.frame = 0;
        if (!this.answer || !this.playing || !this.inView || document.hidden || !this.figure.drawn) return;
        this.frame = window.requestAnimationFrame((later) => this.#step(later));
        if (!this.held) this.phase += (2 * Math.PI * (now - this.last)) / PERIOD_MS;
        this.last = now;
        if (this.busy || this.held || now < this.next) return;
        const parts = moving(this.answer, displaced(this.answer.atoms, this.amplitude, this.phase));
        const started = performance.now();
        this.busy = true;
        const change = { x: parts.map(({ x }) => x), y: parts.map(({ y }) => y), z: parts.map(({ z }) => z) };
        void /** @type {any} */ (window).Plotly.restyle(this.figure.graph, change, parts.map((_, place) => place))
            .finally(() => {
                this.busy = false;
                this.next = now + Math.max(FRAME_MS - 4, (performance.now() - started) / MAX_LOAD);
            });
    }
}
