"""What every reader of untrusted files raises."""


class Unreadable(ValueError):
    """The file is not what it claims to be, or holds nothing that can be used; the text says what to do."""
