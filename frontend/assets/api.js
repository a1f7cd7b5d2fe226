// What the page's scripts share: speaking to the REST API, and drawing without falling behind.
(function () {
    "use strict";

    class ApiProblem extends Error {
        constructor(status, title, detail, errors) {
            super(detail);
            this.status = status;
            this.title = title;
            this.detail = detail;
            this.errors = errors || [];
        }

        // One line a person can act on. A bad field says its own message; the rest say the detail.
        get text() {
            const fields = this.errors.map((error) => error.msg).filter(Boolean);
            return fields.length ? Array.from(new Set(fields)).join(" ") : this.detail || this.title;
        }
    }

    async function call(path, options) {
        let response;
        try {
            response = await fetch("/api/v1" + path, options);
        } catch (error) {
            if (error.name === "AbortError") { throw error; }
            throw new ApiProblem(0, "The server does not answer", "The server does not answer.");
        }
        if (response.ok) {
            return response;
        }
        let body = {};
        try { body = await response.json(); } catch (error) { /* not a problem document */ }
        const title = body.title || "The server answered " + response.status;
        throw new ApiProblem(response.status, title, body.detail || title, body.errors);
    }

    function post(path, body, accept, signal) {
        return call(path, {
            method: "POST",
            signal,
            headers: { "Content-Type": "application/json", Accept: accept || "application/json" },
            body: JSON.stringify(body),
        });
    }

    // One piece of work in flight, the newest request waiting, those between dropped: a fast drag redraws as often as
    // the server and the browser can, ends on the last value, and never queues up.
    function latestWins(work) {
        let busy = false;
        let waiting = null;
        async function next() {
            busy = true;
            while (waiting) {
                const request = waiting;
                waiting = null;
                try { await work(request); } catch (error) { console.error(error); }
            }
            busy = false;
        }
        return function (request) {
            waiting = request;
            if (!busy) { next(); }
        };
    }

    // The newest piece of work alone: the one before is told to stop, and what it still brings is nobody's. For answers
    // that take long, where an old one in between would mislead.
    function newestOnly(work) {
        let current = null;
        const start = async function (request) {
            if (current) { current.abort(); }
            const mine = new AbortController();
            current = mine;
            try {
                await work(request, mine.signal);
            } catch (error) {
                if (!mine.signal.aborted) { console.error(error); }
            }
        };
        start.stop = () => { if (current) { current.abort(); } };
        return start;
    }

    // What the browser saves under a name.
    async function save(response, name) {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(await response.blob());
        link.download = name;
        link.click();
        window.setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    }

    const FORMATS = {
        csv: { accept: "text/csv", suffix: ".csv" },
        hdf5: { accept: "application/x-hdf5", suffix: ".h5" },
    };

    const fileName = (...words) => words.join("-").replace(/[^\w.-]+/g, "-").toLowerCase();

    window.beamcast = { ApiProblem, call, post, latestWins, newestOnly, save, fileName, FORMATS };
})();
