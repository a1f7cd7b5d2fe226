"""The instruments, as the physics knows them."""
