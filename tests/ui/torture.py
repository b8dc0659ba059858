"""Texts that have broken terminal applications; every screen must show them as they are."""

TEXTS: dict[str, str] = {
    "closing tag": "[/x] closes nothing",
    "style": "[red]not red[/red]",
    "nested": "[[bold]] [[/] [a[b]c] ]] [",
    "link": "[@click=app.quit]press[/]",
    "variable": "$primary [$error] {braces} %s",
    "array": "array[i] = [1, 2]",
    "escape": "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "c1": "\x9b31m csi \x9d0;t\x9c",
    "nul": "a\x00b",
    "tab and return": "a\tb\rc\x08d\x0be\x0cf",
    "newlines": "one\ntwo\r\nthree\u2028four",
    "emoji": "👩‍👩‍👧‍👦 ❤️ 🇩🇪 👍🏽 🧑🏿‍🚀",
    "wide": "日本語の文章と한국어",
    "arabic": "مرحبا \u202eevil\u202c العالم",
    "combining": "e\u0301\u0323\u0308 Z̷̡a̴l̶g̵o̸",
    "surrogate": "\ud800 alone",
    "long": "x" * 20_000,
    "long words": "wörd " * 4_000,
    "empty": "",
    "spaces": "   ",
}
