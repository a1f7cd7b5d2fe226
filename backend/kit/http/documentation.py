"""The documentation page of the API, with all files from this server."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib import resources

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from backend.kit.http.security import content_security_policy

DOCS = "/docs"
STATIC = "/docs-static"
INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def add_documentation(app: FastAPI) -> None:
    """Serve Swagger UI at /docs from the files of fastapi-offline."""
    files = resources.files("fastapi_offline") / "static"
    app.mount(STATIC, StaticFiles(directory=str(files)), name="docs-static")
    assert app.openapi_url is not None
    page = get_swagger_ui_html(
        openapi_url=app.openapi_url,
        title=f"{app.title} API",
        swagger_js_url=f"{STATIC}/swagger-ui-bundle.js",
        swagger_css_url=f"{STATIC}/swagger-ui.css",
        swagger_favicon_url=f"{STATIC}/favicon.png",
    )
    text = bytes(page.body).decode()
    headers = {"Content-Security-Policy": content_security_policy(inline_script_hashes(text))}

    async def docs() -> HTMLResponse:
        return HTMLResponse(text, headers=headers)

    app.add_api_route(DOCS, docs, include_in_schema=False)


def inline_script_hashes(page: str) -> tuple[str, ...]:
    """Return the hashes of the inline scripts of a page, for its content security policy."""
    digests = (hashlib.sha256(script.encode()).digest() for script in INLINE_SCRIPT.findall(page))
    return tuple(f"sha256-{base64.b64encode(digest).decode()}" for digest in digests)
