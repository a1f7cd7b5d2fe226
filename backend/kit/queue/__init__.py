"""The broker, and the messages that wake workers up."""
