import js from "@eslint/js";
import globals from "globals";

export default [
    { ignores: ["frontend/assets/**", ".venv/**", "frontend/types/**"] },
    js.configs.recommended,
    {
        files: ["frontend/static/js/**/*.js"],
        languageOptions: { ecmaVersion: 2024, sourceType: "module", globals: globals.browser },
        rules: {
            eqeqeq: "error",
            "no-unused-vars": ["error", { varsIgnorePattern: "^_", argsIgnorePattern: "^_", ignoreRestSiblings: true }],
            "no-var": "error",
            "prefer-const": "error",
            "no-implicit-globals": "error",
            "no-eval": "error",
            "no-implied-eval": "error",
            "no-restricted-properties": [
                "error",
                { property: "innerHTML", message: "Make elements, or set textContent: data of users are shown here." },
            ],
        },
    },
    {
        // Read by every browser, before anything else
        files: ["frontend/static/js/kit/early-theme.js"],
        languageOptions: { ecmaVersion: 5, sourceType: "script", globals: globals.browser },
        rules: { "no-var": "off", "no-unused-vars": ["error", { caughtErrors: "none" }] },
    },
    { files: ["tests/js/**/*.js"], languageOptions: { ecmaVersion: 2024, sourceType: "module", globals: globals.node } },
];
