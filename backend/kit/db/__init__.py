"""The database: engine, transactions, columns, and the rows that a request may see."""
