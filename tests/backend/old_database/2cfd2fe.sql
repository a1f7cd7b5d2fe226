-- Made by make_2cfd2fe.py. Predictions:
-- queued = 7e91f90e4c3a45ce8646adbe1224515f
-- equilibrating = 8169c8fb2725421f907f1503303a9f78
-- died = 05cb2c69d90e497ba54a0257ae9db029
-- late = 05c1cbb852d94dd2958b729bf54d1678
-- flew_apart = 903ce058d1ee41999034ee8d077baf45
-- unforeseen = c8c2b9cbb835487dbf523ccde4acf86c
-- succeeded = c5a3e3dd9c7d481c95f6d8731e05536d
-- cancelled = 020a4fc7dd894ec48f9b2a7a7560d492
-- disk_full = 13bb8795891f415b8d94e5e0afc1a24d
-- no_engine = 70c4f55fb10c448bab43ca895eb3ac24
-- prepared = 34be88e62f104bc3a90ec852fe09091f
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0006');
CREATE TABLE datasets (
	id CHAR(32) NOT NULL, 
	created_at DATETIME NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	kind VARCHAR(8) NOT NULL, 
	format VARCHAR(32) NOT NULL, 
	filename VARCHAR(255) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	spectrum INTEGER NOT NULL, 
	title VARCHAR(400) NOT NULL, 
	x_unit VARCHAR(16) NOT NULL, 
	y_unit VARCHAR(100) NOT NULL, 
	n_points INTEGER NOT NULL, 
	energy_range_mev JSON NOT NULL, 
	q_range_inv_angstrom JSON, 
	has_errors BOOLEAN NOT NULL, 
	instrument VARCHAR(64), 
	settings JSON NOT NULL, 
	fixed_energy_mev FLOAT, 
	temperature_k FLOAT, 
	isotopes JSON NOT NULL, 
	structure_id CHAR(32), 
	warnings JSON NOT NULL, 
	revision INTEGER NOT NULL, exposure_uah FLOAT, exposure_h FLOAT, mass_g FLOAT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(structure_id) REFERENCES structures (id) ON DELETE SET NULL
);
CREATE TABLE idempotency_keys (
	id CHAR(32) NOT NULL, 
	created_at DATETIME NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	"key" VARCHAR(255) NOT NULL, 
	request VARCHAR(64) NOT NULL, 
	resource_id CHAR(32) NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (owner, "key")
);
CREATE TABLE jobs (
	id CHAR(32) NOT NULL, 
	created_at DATETIME NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	prediction_id CHAR(32) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	number INTEGER NOT NULL, 
	queue VARCHAR(16) NOT NULL, 
	engine VARCHAR(32) NOT NULL, 
	lane VARCHAR(8) NOT NULL, 
	priority INTEGER NOT NULL, 
	weight FLOAT NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	stage VARCHAR(200) NOT NULL, 
	progress FLOAT NOT NULL, 
	seconds FLOAT NOT NULL, 
	attempt INTEGER NOT NULL, 
	error VARCHAR, 
	worker VARCHAR(200), 
	pid INTEGER, 
	lease CHAR(32), 
	lease_expires_at DATETIME, 
	heartbeat_at DATETIME, 
	not_before DATETIME NOT NULL, 
	rung_at DATETIME, 
	started_at DATETIME, 
	finished_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(prediction_id) REFERENCES predictions (id) ON DELETE CASCADE
);
INSERT INTO "jobs" VALUES('760168830f424067900f6000e49b3ec3','2026-11-29 01:03:43.548930','local','7e91f90e4c3a45ce8646adbe1224515f','whole',0,'cpu','nep-adapters','short',1,1.0,'queued','',0.0,0.0,0,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-29 01:03:46.523288','2026-11-29 01:03:46.523288','2026-11-29 01:03:46.473374',NULL);
INSERT INTO "jobs" VALUES('a0b65e57015e4290b5f55b6d06052ca8','2026-11-29 01:03:44.586226','local','8169c8fb2725421f907f1503303a9f78','prepare',0,'cpu','nep-adapters','short',1,0.02,'succeeded','starting',1.0,0.042101,1,NULL,'played@here',1,NULL,NULL,'2026-11-29 01:03:44.687360','2026-11-29 01:03:44.587378','2026-11-29 01:03:44.596857','2026-11-29 01:03:44.687360','2026-11-29 01:03:44.729461');
INSERT INTO "jobs" VALUES('8acfafd382e64e8dbf638a5ff67a7ee8','2026-11-29 01:03:44.586226','local','8169c8fb2725421f907f1503303a9f78','replica',0,'cpu','nep-adapters','long',1,0.32,'succeeded','thermalising',1.0,0.096734,1,NULL,'played@here',1,NULL,NULL,'2026-11-29 01:03:44.870196','2026-11-29 01:03:44.729461','2026-11-29 01:03:44.729461','2026-11-29 01:03:44.792637','2026-11-29 01:03:44.889371');
INSERT INTO "jobs" VALUES('30bdfb8a043247cca98d0e155adc5376','2026-11-29 01:03:44.586226','local','8169c8fb2725421f907f1503303a9f78','replica',1,'cpu','nep-adapters','long',1,0.32,'running','thermalising',0.1,0.046311,1,NULL,'played@here',1,'5485cbc126f24fdb8512b72afb1cd4d9','2026-11-29 01:04:29.895179','2026-11-29 01:03:44.895179','2026-11-29 01:03:44.729461','2026-11-29 01:03:44.729461','2026-11-29 01:03:44.848868',NULL);
INSERT INTO "jobs" VALUES('6f4b05b17ef24019b2ed50db4b407f59','2026-11-29 01:03:44.586226','local','8169c8fb2725421f907f1503303a9f78','replica',2,'cpu','nep-adapters','long',1,0.32,'queued','',0.0,0.0,0,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-29 01:03:46.549673','2026-11-29 01:03:46.549673','2026-11-29 01:03:46.501434',NULL);
INSERT INTO "jobs" VALUES('b20b7c7c239042798b4ad0dd7d10a46e','2026-11-29 01:03:44.586226','local','8169c8fb2725421f907f1503303a9f78','combine',0,'cpu','','short',1,0.02,'waiting','',0.0,0.0,0,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-29 01:03:44.596726',NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('4d75d619eaa045a0b4d200228deff92c','2026-11-29 01:03:44.923189','local','05cb2c69d90e497ba54a0257ae9db029','whole',0,'cpu','nep-adapters','short',1,1.0,'failed','displacing atoms',0.3,0.056506,3,'The worker died 3 times over this prediction, last while ''displacing atoms''. It may need more memory than there is: try a smaller supercell or quality ''preview''.','played@here',1,NULL,'2026-11-28 01:04:30.334909','2026-11-29 01:03:45.334909','2026-11-29 01:03:45.215183','2026-11-29 01:03:45.215183','2026-11-29 01:03:45.278403','2026-11-29 01:03:45.347139');
INSERT INTO "jobs" VALUES('1e03ec56d0754767b252792c337dd015','2026-11-29 01:03:45.382080','local','05c1cbb852d94dd2958b729bf54d1678','whole',0,'cpu','nep-adapters','short',1,1.0,'failed','starting',0.0,0.055323,1,'This job took longer than the 0.5 hours that this server allows: choose a shorter run.','played@here',1,NULL,NULL,'2026-11-29 01:03:45.509914','2026-11-29 01:03:45.383305','2026-11-29 01:03:45.383408','2026-11-29 01:03:45.509914','2026-11-29 01:03:45.565237');
INSERT INTO "jobs" VALUES('8b8e4ed5250e4b189fb9e1e6586b4dae','2026-11-29 01:03:45.410621','local','903ce058d1ee41999034ee8d077baf45','whole',0,'cpu','nep-adapters','short',1,1.0,'failed','starting',0.0,0.075945,1,'The atoms flew apart: take a shorter time step, or a potential that knows this material.','played@here',1,NULL,NULL,'2026-11-29 01:03:45.610497','2026-11-29 01:03:45.411528','2026-11-29 01:03:45.411616','2026-11-29 01:03:45.610497','2026-11-29 01:03:45.686442');
INSERT INTO "jobs" VALUES('32a40ee037d3495aa4abe234e4ca9f67','2026-11-29 01:03:45.438889','local','c8c2b9cbb835487dbf523ccde4acf86c','whole',0,'cpu','nep-adapters','short',1,1.0,'failed','starting',0.0,0.04653,1,'Something unforeseen went wrong in this prediction. The server''s log has the details under c8c2b9cb-b835-487d-bf52-3ccde4acf86c.','played@here',1,NULL,NULL,'2026-11-29 01:03:45.768478','2026-11-29 01:03:45.447922','2026-11-29 01:03:45.448062','2026-11-29 01:03:45.768478','2026-11-29 01:03:45.815008');
INSERT INTO "jobs" VALUES('037e811dc9844f35a2f95906e44515bc','2026-11-29 01:03:45.836119','local','c5a3e3dd9c7d481c95f6d8731e05536d','whole',0,'cpu','nep-adapters','short',1,1.0,'succeeded','starting',1.0,0.03869,1,NULL,'played@here',1,NULL,NULL,'2026-11-29 01:03:45.941047','2026-11-29 01:03:45.849556','2026-11-29 01:03:45.849654','2026-11-29 01:03:45.941047','2026-11-29 01:03:45.979737');
INSERT INTO "jobs" VALUES('31afb4a70fd944c5807fd2774222fd87','2026-11-29 01:03:46.018227','local','020a4fc7dd894ec48f9b2a7a7560d492','whole',0,'cpu','nep-adapters','short',1,1.0,'cancelled','',0.0,0.0,0,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-29 01:03:46.019284','2026-11-29 01:03:46.019382',NULL,'2026-11-29 01:03:46.052966');
INSERT INTO "jobs" VALUES('f061878304f54dbbb6a22e79ab571951','2026-11-29 01:03:46.069463','local','13bb8795891f415b8d94e5e0afc1a24d','whole',0,'cpu','nep-adapters','short',1,1.0,'queued','waiting for room on the server''s disk, which is full',0.0,0.0,0,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-29 01:04:46.206598',NULL,'2026-11-29 01:03:46.135216',NULL);
INSERT INTO "jobs" VALUES('c51cf91c25bc4ffaba00a9d047bef696','2026-11-29 01:03:46.224024','local','70c4f55fb10c448bab43ca895eb3ac24','prepare',0,'cpu','nep-adapters','short',1,0.02,'succeeded','starting',1.0,0.063248,1,NULL,'played@here',1,NULL,NULL,'2026-11-29 01:03:46.298984','2026-11-29 01:03:46.225069','2026-11-29 01:03:46.225458','2026-11-29 01:03:46.298984','2026-11-29 01:03:46.362232');
INSERT INTO "jobs" VALUES('e34ad575d4234cb69513998324295569','2026-11-29 01:03:46.224024','local','70c4f55fb10c448bab43ca895eb3ac24','replica',0,'gpu','gpumd','long',1,0.32,'queued','waiting for a worker with gpumd; none is there now',0.0,0.0,0,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-29 01:03:46.362232',NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('f1932e82157440e0b0b3595f64bece73','2026-11-29 01:03:46.224024','local','70c4f55fb10c448bab43ca895eb3ac24','replica',1,'gpu','gpumd','long',1,0.32,'queued','waiting for a worker with gpumd; none is there now',0.0,0.0,0,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-29 01:03:46.362232',NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('924207cd486448c8bb78daafbcb49096','2026-11-29 01:03:46.224024','local','70c4f55fb10c448bab43ca895eb3ac24','replica',2,'gpu','gpumd','long',1,0.32,'queued','waiting for a worker with gpumd; none is there now',0.0,0.0,0,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-29 01:03:46.362232',NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('7747f87a2d41401bacfe92ac8122e840','2026-11-29 01:03:46.224024','local','70c4f55fb10c448bab43ca895eb3ac24','combine',0,'cpu','','short',1,0.02,'waiting','',0.0,0.0,0,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-29 01:03:46.225384',NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('c8566beccbff4391adb41e1632e42812','2026-11-29 01:03:46.435847','local','34be88e62f104bc3a90ec852fe09091f','prepare',0,'cpu','nep-adapters','short',1,0.02,'succeeded','starting',1.0,0.046134,1,NULL,'played@here',1,NULL,NULL,'2026-11-29 01:03:46.520552','2026-11-29 01:03:46.444899','2026-11-29 01:03:46.445308','2026-11-29 01:03:46.520552','2026-11-29 01:03:46.566686');
INSERT INTO "jobs" VALUES('a2ca65b3e1d54ec2a0622d162210ac04','2026-11-29 01:03:46.435847','local','34be88e62f104bc3a90ec852fe09091f','replica',0,'cpu','nep-adapters','long',1,0.32,'queued','',0.0,0.0,0,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-29 01:03:46.566686','2026-11-29 01:03:46.566686',NULL,NULL);
INSERT INTO "jobs" VALUES('f2502881b2924bdb979b5f2522b27801','2026-11-29 01:03:46.435847','local','34be88e62f104bc3a90ec852fe09091f','replica',1,'cpu','nep-adapters','long',1,0.32,'queued','',0.0,0.0,0,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-29 01:03:46.566686','2026-11-29 01:03:46.566686',NULL,NULL);
INSERT INTO "jobs" VALUES('3122f0a976cc41f193c450f530199a7e','2026-11-29 01:03:46.435847','local','34be88e62f104bc3a90ec852fe09091f','replica',2,'cpu','nep-adapters','long',1,0.32,'queued','',0.0,0.0,0,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-29 01:03:46.566686','2026-11-29 01:03:46.566686',NULL,NULL);
INSERT INTO "jobs" VALUES('1fd6ec14463b405ea78e04224de587a2','2026-11-29 01:03:46.435847','local','34be88e62f104bc3a90ec852fe09091f','combine',0,'cpu','','short',1,0.02,'waiting','',0.0,0.0,0,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-29 01:03:46.445230',NULL,NULL,NULL);
CREATE TABLE models (
	id CHAR(32) NOT NULL, 
	created_at DATETIME NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	elements JSON NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	format VARCHAR(32) NOT NULL, 
	engine VARCHAR(32) NOT NULL, 
	cutoff_angstrom FLOAT NOT NULL, 
	licence VARCHAR(200) NOT NULL, 
	citation VARCHAR(1000) NOT NULL, 
	source VARCHAR(1000) NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "models" VALUES('19c2610a6b9050e28f10cffffcec2e4d','2025-01-01 00:00:00.000000','everyone','NEP89','pretrained','["H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "Ar", "K", "Ca", "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Y", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I", "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W", "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Ac", "Th", "Pa", "U", "Np", "Pu"]','75168ece02e840e4a32644f982b78d43cba697f5b64b4c8134ab66c7a8c28be1',15622195,'nep4_zbl','nep-adapters',6.0,'GPL-3.0-or-later','T. Liang, K. Xu, E. Lindgren et al., NEP89: Universal neuroevolution potential for inorganic and organic materials across 89 elements, arXiv:2504.21286 (2025)','GPUMD, potentials/nep/nep89_20250409; fetched from the source distribution of NepTrainKit 3.1.5');
CREATE TABLE "predictions" (
	id CHAR(32) NOT NULL, 
	created_at DATETIME NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	structure_id CHAR(32) NOT NULL, 
	model_id CHAR(32) NOT NULL, 
	model VARCHAR(200) NOT NULL, 
	method VARCHAR(16) NOT NULL, 
	sampling VARCHAR(16) NOT NULL, 
	quality VARCHAR(16) NOT NULL, 
	temperature_k FLOAT NOT NULL, 
	instruments JSON NOT NULL, 
	options JSON NOT NULL, 
	estimate_s FLOAT, 
	status VARCHAR(16) NOT NULL, 
	stage VARCHAR(200) NOT NULL, 
	progress FLOAT NOT NULL, 
	eta_s FLOAT, 
	error VARCHAR, 
	warnings JSON NOT NULL, 
	provenance JSON NOT NULL, 
	attempt INTEGER NOT NULL, 
	cancel_requested BOOLEAN NOT NULL, 
	started_at DATETIME, 
	finished_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(model_id) REFERENCES models (id), 
	FOREIGN KEY(structure_id) REFERENCES structures (id)
);
INSERT INTO "predictions" VALUES('7e91f90e4c3a45ce8646adbe1224515f','2026-11-29 01:03:43.548930','local','7a83ec90120945ccb8316252b21fe843','19c2610a6b9050e28f10cffffcec2e4d','NEP89','harmonic','powder','standard',300.0,'["TOSCA"]','{"q_max_inv_angstrom": 10, "seed": 1, "relax_cell": false, "resolve_sites": false, "dispersion": null, "engine": "nep-adapters", "supercell": [4, 4, 4], "displacement_angstrom": 0.01, "n_orders": 10, "energy_max_mev": 250.0}',4.07758222222222244113e+00,'queued','',0.0,4.07758222222222244113e+00,NULL,'[]','{}',0,0,'2026-11-29 01:03:44.656510',NULL);
INSERT INTO "predictions" VALUES('8169c8fb2725421f907f1503303a9f78','2026-11-29 01:03:44.586226','local','7a83ec90120945ccb8316252b21fe843','19c2610a6b9050e28f10cffffcec2e4d','NEP89','md','powder','standard',300.0,'["TOSCA"]','{"q_max_inv_angstrom": 10, "seed": 1, "relax_cell": false, "resolve_sites": false, "dispersion": null, "engine": "nep-adapters", "supercell": [2, 2, 2], "timestep_fs": 2.0, "sample_fs": 14.0, "equilibration_ps": 2.0, "n_q_points": 8000, "replicas": 3, "ensemble": "nvt", "pressure_gpa": 0.0, "production_ensemble": "nve", "production_ps": 2.2, "correlation_ps": 2.095}',1.20513005714285714731e+01,'running','thermalising (1 of 3 replicas done)',0.372,3.12558301075268774038e-01,NULL,'[]','{}',1,0,'2026-11-29 01:03:44.687360',NULL);
INSERT INTO "predictions" VALUES('05cb2c69d90e497ba54a0257ae9db029','2026-11-29 01:03:44.923189','local','7a83ec90120945ccb8316252b21fe843','19c2610a6b9050e28f10cffffcec2e4d','NEP89','harmonic','powder','standard',300.0,'["TOSCA"]','{"q_max_inv_angstrom": 10, "seed": 1, "relax_cell": false, "resolve_sites": false, "dispersion": null, "engine": "nep-adapters", "supercell": [4, 4, 4], "displacement_angstrom": 0.01, "n_orders": 10, "energy_max_mev": 250.0}',4.07758222222222244113e+00,'failed','displacing atoms',0.3,NULL,'The worker died 3 times over this prediction, last while ''displacing atoms''. It may need more memory than there is: try a smaller supercell or quality ''preview''.','[]','{}',3,0,'2026-11-29 01:03:45.015252','2026-11-29 01:03:45.347139');
INSERT INTO "predictions" VALUES('05c1cbb852d94dd2958b729bf54d1678','2026-11-29 01:03:45.382080','local','7a83ec90120945ccb8316252b21fe843','19c2610a6b9050e28f10cffffcec2e4d','NEP89','harmonic','powder','standard',300.0,'["TOSCA"]','{"q_max_inv_angstrom": 10, "seed": 1, "relax_cell": false, "resolve_sites": false, "dispersion": null, "engine": "nep-adapters", "supercell": [4, 4, 4], "displacement_angstrom": 0.01, "n_orders": 10, "energy_max_mev": 250.0}',4.07758222222222244113e+00,'failed','starting',0.0,NULL,'This job took longer than the 0.5 hours that this server allows: choose a shorter run.','[]','{}',1,0,'2026-11-29 01:03:45.509914','2026-11-29 01:03:45.565237');
INSERT INTO "predictions" VALUES('903ce058d1ee41999034ee8d077baf45','2026-11-29 01:03:45.410621','local','7a83ec90120945ccb8316252b21fe843','19c2610a6b9050e28f10cffffcec2e4d','NEP89','harmonic','powder','standard',300.0,'["TOSCA"]','{"q_max_inv_angstrom": 10, "seed": 1, "relax_cell": false, "resolve_sites": false, "dispersion": null, "engine": "nep-adapters", "supercell": [4, 4, 4], "displacement_angstrom": 0.01, "n_orders": 10, "energy_max_mev": 250.0}',4.07758222222222244113e+00,'failed','starting',0.0,NULL,'The atoms flew apart: take a shorter time step, or a potential that knows this material.','[]','{}',1,0,'2026-11-29 01:03:45.610497','2026-11-29 01:03:45.686442');
INSERT INTO "predictions" VALUES('c8c2b9cbb835487dbf523ccde4acf86c','2026-11-29 01:03:45.438889','local','7a83ec90120945ccb8316252b21fe843','19c2610a6b9050e28f10cffffcec2e4d','NEP89','harmonic','powder','standard',300.0,'["TOSCA"]','{"q_max_inv_angstrom": 10, "seed": 1, "relax_cell": false, "resolve_sites": false, "dispersion": null, "engine": "nep-adapters", "supercell": [4, 4, 4], "displacement_angstrom": 0.01, "n_orders": 10, "energy_max_mev": 250.0}',4.07758222222222244113e+00,'failed','starting',0.0,NULL,'Something unforeseen went wrong in this prediction. The server''s log has the details under c8c2b9cb-b835-487d-bf52-3ccde4acf86c.','[]','{}',1,0,'2026-11-29 01:03:45.768478','2026-11-29 01:03:45.815008');
INSERT INTO "predictions" VALUES('c5a3e3dd9c7d481c95f6d8731e05536d','2026-11-29 01:03:45.836119','local','7a83ec90120945ccb8316252b21fe843','19c2610a6b9050e28f10cffffcec2e4d','NEP89','harmonic','powder','standard',300.0,'["TOSCA"]','{"q_max_inv_angstrom": 10, "seed": 1, "relax_cell": false, "resolve_sites": false, "dispersion": null, "engine": "nep-adapters", "supercell": [4, 4, 4], "displacement_angstrom": 0.01, "n_orders": 10, "energy_max_mev": 250.0}',4.07758222222222244113e+00,'succeeded','done',1.0,NULL,NULL,'["An atom moved by 0.42 \u00c5 in the relaxation: the potential prefers another structure.", "It was imported with a proposal: that it was simulated so is what the archive says, and was not checked."]','{"seed": 1}',1,0,'2026-11-29 01:03:45.941047','2026-11-29 01:03:45.979737');
INSERT INTO "predictions" VALUES('020a4fc7dd894ec48f9b2a7a7560d492','2026-11-29 01:03:46.018227','local','7a83ec90120945ccb8316252b21fe843','19c2610a6b9050e28f10cffffcec2e4d','NEP89','harmonic','powder','standard',300.0,'["TOSCA"]','{"q_max_inv_angstrom": 10, "seed": 1, "relax_cell": false, "resolve_sites": false, "dispersion": null, "engine": "nep-adapters", "supercell": [4, 4, 4], "displacement_angstrom": 0.01, "n_orders": 10, "energy_max_mev": 250.0}',4.07758222222222244113e+00,'cancelled','',0.0,NULL,NULL,'[]','{}',0,1,NULL,'2026-11-29 01:03:46.052966');
INSERT INTO "predictions" VALUES('13bb8795891f415b8d94e5e0afc1a24d','2026-11-29 01:03:46.069463','local','7a83ec90120945ccb8316252b21fe843','19c2610a6b9050e28f10cffffcec2e4d','NEP89','harmonic','powder','standard',300.0,'["TOSCA"]','{"q_max_inv_angstrom": 10, "seed": 1, "relax_cell": false, "resolve_sites": false, "dispersion": null, "engine": "nep-adapters", "supercell": [4, 4, 4], "displacement_angstrom": 0.01, "n_orders": 10, "energy_max_mev": 250.0}',4.07758222222222244113e+00,'queued','waiting for room on the server''s disk, which is full',0.0,4.07758222222222244113e+00,NULL,'[]','{}',0,0,'2026-11-29 01:03:46.135216',NULL);
INSERT INTO "predictions" VALUES('70c4f55fb10c448bab43ca895eb3ac24','2026-11-29 01:03:46.224024','local','7a83ec90120945ccb8316252b21fe843','19c2610a6b9050e28f10cffffcec2e4d','NEP89','md','powder','standard',300.0,'["TOSCA"]','{"q_max_inv_angstrom": 10, "seed": 1, "relax_cell": false, "resolve_sites": false, "dispersion": null, "engine": "gpumd", "supercell": [2, 2, 2], "timestep_fs": 2.0, "sample_fs": 14.0, "equilibration_ps": 2.0, "n_q_points": 8000, "replicas": 3, "ensemble": "nvt", "pressure_gpa": 0.0, "production_ensemble": "nve", "production_ps": 2.2, "correlation_ps": 2.095}',1.20513005714285714731e+01,'running','waiting for a worker with gpumd; none is there now',0.02,1.20513005714285714731e+01,NULL,'[]','{}',1,0,'2026-11-29 01:03:46.298984',NULL);
INSERT INTO "predictions" VALUES('34be88e62f104bc3a90ec852fe09091f','2026-11-29 01:03:46.435847','local','7a83ec90120945ccb8316252b21fe843','19c2610a6b9050e28f10cffffcec2e4d','NEP89','md','powder','standard',300.0,'["TOSCA"]','{"q_max_inv_angstrom": 10, "seed": 1, "relax_cell": false, "resolve_sites": false, "dispersion": null, "engine": "nep-adapters", "supercell": [2, 2, 2], "timestep_fs": 2.0, "sample_fs": 14.0, "equilibration_ps": 2.0, "n_q_points": 8000, "replicas": 3, "ensemble": "nvt", "pressure_gpa": 0.0, "production_ensemble": "nve", "production_ps": 2.2, "correlation_ps": 2.095}',1.20513005714285714731e+01,'running','waiting for a free worker',0.02,1.20513005714285714731e+01,NULL,'[]','{}',1,0,'2026-11-29 01:03:46.520552',NULL);
CREATE TABLE proposal_datasets (
	proposal_id CHAR(32) NOT NULL, 
	added_at DATETIME NOT NULL, 
	item_id CHAR(32) NOT NULL, 
	PRIMARY KEY (proposal_id, item_id), 
	FOREIGN KEY(proposal_id) REFERENCES proposals (id) ON DELETE CASCADE, 
	FOREIGN KEY(item_id) REFERENCES datasets (id) ON DELETE CASCADE
);
CREATE TABLE proposal_predictions (
	proposal_id CHAR(32) NOT NULL, 
	added_at DATETIME NOT NULL, 
	item_id CHAR(32) NOT NULL, 
	PRIMARY KEY (proposal_id, item_id), 
	FOREIGN KEY(proposal_id) REFERENCES proposals (id) ON DELETE CASCADE, 
	FOREIGN KEY(item_id) REFERENCES predictions (id) ON DELETE CASCADE
);
CREATE TABLE proposal_reports (
	id CHAR(32) NOT NULL, 
	created_at DATETIME NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	proposal_id CHAR(32) NOT NULL, 
	title VARCHAR(200) NOT NULL, 
	formats JSON NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(proposal_id) REFERENCES proposals (id) ON DELETE CASCADE
);
CREATE TABLE proposal_structures (
	proposal_id CHAR(32) NOT NULL, 
	added_at DATETIME NOT NULL, 
	item_id CHAR(32) NOT NULL, 
	PRIMARY KEY (proposal_id, item_id), 
	FOREIGN KEY(proposal_id) REFERENCES proposals (id) ON DELETE CASCADE, 
	FOREIGN KEY(item_id) REFERENCES structures (id) ON DELETE CASCADE
);
CREATE TABLE proposals (
	id CHAR(32) NOT NULL, 
	created_at DATETIME NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	notes TEXT NOT NULL, 
	sample JSON, 
	settings JSON NOT NULL, 
	"plan" JSON, 
	changed_at DATETIME NOT NULL, 
	archived_at DATETIME, 
	share_secret VARCHAR(64), 
	PRIMARY KEY (id)
);
CREATE TABLE structures (
	id CHAR(32) NOT NULL, 
	created_at DATETIME NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	formula VARCHAR(400) NOT NULL, 
	formula_cell VARCHAR(400) NOT NULL, 
	elements JSON NOT NULL, 
	n_atoms INTEGER NOT NULL, 
	lengths_angstrom JSON NOT NULL, 
	angles_deg JSON NOT NULL, 
	volume_angstrom3 FLOAT NOT NULL, 
	density_g_cm3 FLOAT NOT NULL, 
	space_group VARCHAR(32) NOT NULL, 
	space_group_number INTEGER NOT NULL, 
	temperature_k FLOAT, 
	warnings JSON NOT NULL, 
	format VARCHAR(32) NOT NULL, 
	filename VARCHAR(255) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	example VARCHAR(64), 
	PRIMARY KEY (id)
);
INSERT INTO "structures" VALUES('7a83ec90120945ccb8316252b21fe843','2026-11-29 01:03:43.334951','local','Silicon','Si','Si2','["Si"]',2,'[3.8402969286241397, 3.8402969286241397, 3.8402969286241397]','[60.00000000000001, 60.00000000000001, 60.00000000000001]',4.00478694977499927176e+01,2.329024756397509055e+00,'Fd-3m',227,NULL,'[]','poscar','Si.vasp','c11d39dcd368b685de0f98b5912f81d80b6b237b59511fd2c458d3cfe9bc9727',NULL);
CREATE TABLE worker_beats (
	name VARCHAR(200) NOT NULL, 
	slots INTEGER NOT NULL, 
	long_slots INTEGER NOT NULL, 
	queues JSON NOT NULL, 
	engines JSON NOT NULL, 
	host VARCHAR(200) NOT NULL, 
	cores INTEGER NOT NULL, 
	started_at DATETIME NOT NULL, 
	seen_at DATETIME NOT NULL, 
	PRIMARY KEY (name)
);
CREATE INDEX ix_idempotency_keys_created_at ON idempotency_keys (created_at);
CREATE INDEX ix_idempotency_keys_owner ON idempotency_keys (owner);
CREATE INDEX ix_models_created_at ON models (created_at);
CREATE INDEX ix_models_name ON models (name);
CREATE INDEX ix_models_owner ON models (owner);
CREATE INDEX ix_models_sha256 ON models (sha256);
CREATE INDEX ix_structures_created_at ON structures (created_at);
CREATE INDEX ix_structures_owner ON structures (owner);
CREATE INDEX ix_jobs_created_at ON jobs (created_at);
CREATE INDEX ix_jobs_owner ON jobs (owner);
CREATE INDEX ix_jobs_prediction_id ON jobs (prediction_id);
CREATE INDEX ix_worker_beats_seen_at ON worker_beats (seen_at);
CREATE INDEX ix_predictions_created_at ON predictions (created_at);
CREATE INDEX ix_predictions_structure_id ON predictions (structure_id);
CREATE INDEX ix_predictions_model_id ON predictions (model_id);
CREATE INDEX ix_predictions_owner ON predictions (owner);
CREATE INDEX ix_jobs_tally ON jobs (status, queue, lane, kind, attempt);
CREATE INDEX ix_predictions_tally ON predictions (status, method);
CREATE INDEX ix_datasets_created_at ON datasets (created_at);
CREATE INDEX ix_datasets_owner ON datasets (owner);
CREATE INDEX ix_datasets_structure_id ON datasets (structure_id);
CREATE INDEX ix_proposals_created_at ON proposals (created_at);
CREATE INDEX ix_proposals_owner ON proposals (owner);
CREATE INDEX ix_proposal_structures_item_id ON proposal_structures (item_id);
CREATE INDEX ix_proposal_predictions_item_id ON proposal_predictions (item_id);
CREATE INDEX ix_proposal_datasets_item_id ON proposal_datasets (item_id);
CREATE INDEX ix_proposal_reports_created_at ON proposal_reports (created_at);
CREATE INDEX ix_proposal_reports_owner ON proposal_reports (owner);
CREATE INDEX ix_proposal_reports_proposal_id ON proposal_reports (proposal_id);
COMMIT;
