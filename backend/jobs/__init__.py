"""The jobs of predictions: their graph, the leases of workers, and recovery from crashes."""
