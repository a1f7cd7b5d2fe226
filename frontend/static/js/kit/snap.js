// @ts-check

/** A lower maximum than this part of the highest one nearby is a ripple. */
const MIN_HEIGHT = 0.5;

/**
 * Return the top of the nearest peak of a curve, or the place itself if there is none in reach.
 * @param {ArrayLike<number>} x ascending
 * @param {ArrayLike<number>} y
 * @param {number} at
 * @param {number} reach
 * @returns {{x: number, y: number, snapped: boolean}}
 */
export function snapToPeak(x, y, at, reach) {
    /** @type {number[]} */
    const tops = [];
    let nearest = 0;
    const value = (/** @type {number} */ index) => y[index] ?? -Infinity;
    const distance = (/** @type {number} */ index) => Math.abs((x[index] ?? Infinity) - at);
    for (let index = 0; index < x.length; index += 1) {
        if (distance(index) < distance(nearest)) nearest = index;
        const inside = index > 0 && index < x.length - 1;
        if (inside && distance(index) <= reach && value(index) > value(index - 1) && value(index) >= value(index + 1)) tops.push(index);
    }
    const floor = MIN_HEIGHT * Math.max(...tops.map(value));
    const [top] = tops.filter((index) => value(index) >= floor).sort((one, other) => distance(one) - distance(other));
    const found = top ?? nearest;
    return { x: top === undefined ? at : x[found] ?? at, y: value(found), snapped: top !== undefined };
}
