"""Stages of jobs, as codes; `backend/wording/jobs.py` has their words."""

from __future__ import annotations

from typing import Final

from scattering.core.notices import Notice

FETCH_POTENTIAL: Final = Notice("fetch_potential")
RELAX: Final = Notice("relax")
DISPLACE_ATOMS: Final = Notice("displace_atoms")
SAMPLE_ZONE: Final = Notice("sample_zone")
SAMPLE_PATH: Final = Notice("sample_path")
POWDER_AVERAGE: Final = Notice("powder_average")
EQUILIBRATE_CELL: Final = Notice("equilibrate_cell")
AVERAGE_CELL: Final = Notice("average_cell")
EQUILIBRATE: Final = Notice("equilibrate")
PRODUCE: Final = Notice("produce")
RESUME: Final = Notice("resume")
CORRELATE: Final = Notice("correlate")
RESTRICT_POTENTIAL: Final = Notice("restrict_potential")
CHECK_LABELS: Final = Notice("check_labels")
CONVERGE: Final = Notice("converge_settings")
LABEL: Final = Notice("label_structures")
TRAIN: Final = Notice("train_potential")
FIT_MODES: Final = Notice("fit_modes")
CHECK_PHONONS: Final = Notice("check_phonons")
CHECK_DYNAMICS: Final = Notice("check_dynamics")
CHECK_FILES: Final = Notice("check_files")
READ_FRAMES: Final = Notice("read_frames")
STORE_FRAMES: Final = Notice("store_frames")
AVERAGE_REPLICAS: Final = Notice("average_replicas")
