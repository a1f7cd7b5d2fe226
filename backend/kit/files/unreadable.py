"""The error that readers of untrusted files raise."""


class Unreadable(ValueError):
    """The file is not of the stated kind, or holds nothing usable; the message says what to do."""
