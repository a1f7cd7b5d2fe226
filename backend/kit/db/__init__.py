"""The database: engine, transactions, columns, whose rows a request may see."""
