// @ts-check

const MARGIN = "200px";

/**
 * Call a function once an element is in sight or nearly so, and the browser has nothing more urgent to do.
 * @param {Element} element
 * @param {() => void} work
 */
export function whenInView(element, work) {
    const observer = new IntersectionObserver(([entry]) => {
        if (!entry?.isIntersecting) return;
        observer.disconnect();
        // Safari has no requestIdleCallback
        if ("requestIdleCallback" in window) window.requestIdleCallback(() => work(), { timeout: 1000 });
        else setTimeout(work);
    }, { rootMargin: MARGIN });
    observer.observe(element);
}
