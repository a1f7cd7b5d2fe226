"""What each template shows, fetched through the API as any client does: one module a page."""
