import assert from "node:assert/strict";
import { test } from "node:test";

import { plainText } from "../../frontend/static/js/kit/labels.js";

test("labels of Plotly become plain text", () => {
    assert.equal(plainText("E<sub>i</sub> 40 meV"), "Ei 40 meV");
    assert.equal(plainText("&lt;b&gt;x&lt;/b&gt; %&#123;y} &amp;lt; &amp; co"), "<b>x</b> %{y} &lt; & co");
});
