"""One module a page: `page` makes it, `register` makes it answer."""
