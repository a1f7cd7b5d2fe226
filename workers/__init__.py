"""Workers: the Celery application, its task, the simulations and the engines."""
