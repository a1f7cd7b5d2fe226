// Functions that Mantine components name in their props.
window.dashMantineFunctions = Object.assign(window.dashMantineFunctions || {}, {
    // A slider over decades holds log10 of its value.
    powerOfTen: function (value) { return Number(Math.pow(10, value).toPrecision(3)); },
});
