"""Backups of the database and the data folder, made while the server runs, and their restoration."""
