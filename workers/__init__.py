"""Long jobs: the Celery application, its tasks, and the engines."""
