SET FOREIGN_KEY_CHECKS=0;;
CREATE DATABASE `{prefix}dataset` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;;
CREATE DATABASE `{prefix}ensemble` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;;
CREATE DATABASE `{prefix}evaluation` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;;
CREATE DATABASE `{prefix}experiment` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;;
CREATE DATABASE `{prefix}fitting` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;;
CREATE DATABASE `{prefix}fleet` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;;
CREATE DATABASE `{prefix}mei` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;;
CREATE DATABASE `{prefix}mei_contrast` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;;
CREATE DATABASE `{prefix}mei_control` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;;
CREATE DATABASE `{prefix}model` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;;
CREATE DATABASE `{prefix}optogenetics` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;;
CREATE DATABASE `{prefix}recording` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;;
CREATE DATABASE `{prefix}search` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;;
CREATE DATABASE `{prefix}session` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;;
CREATE DATABASE `{prefix}stimulus` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;;
CREATE DATABASE `{prefix}trainer` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;;
CREATE DATABASE `{prefix}training` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;;
CREATE TABLE `{prefix}dataset`.`__dataset` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `dataset_digest` char(64) NOT NULL COMMENT ':char(64):of all rows of all sessions',
  `trials` int NOT NULL COMMENT ':int32:',
  PRIMARY KEY (`dataset_hash`),
  CONSTRAINT `__dataset_ibfk_1` FOREIGN KEY (`dataset_hash`) REFERENCES `{prefix}dataset`.`dataset_config` (`dataset_hash`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='stored dataset';;
INSERT INTO `{prefix}dataset`.`__dataset` (`dataset_hash`, `dataset_digest`, `trials`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', 'd320be6524c208d8f1e80599a806ba79cf13d008ba29157baff5979536b21fdc', 9);;
CREATE TABLE `{prefix}dataset`.`__dataset__session` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `store_path` varchar(255) NOT NULL COMMENT ':varchar(255):below the store folder',
  `rows_digest` char(64) NOT NULL COMMENT ':char(64):',
  PRIMARY KEY (`dataset_hash`,`mouse`,`series`,`experiment`),
  KEY `mouse` (`mouse`,`series`,`experiment`),
  CONSTRAINT `__dataset__session_ibfk_1` FOREIGN KEY (`dataset_hash`) REFERENCES `{prefix}dataset`.`__dataset` (`dataset_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__dataset__session_ibfk_2` FOREIGN KEY (`mouse`, `series`, `experiment`) REFERENCES `{prefix}session`.`session` (`mouse`, `series`, `experiment`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}dataset`.`__dataset__session` (`dataset_hash`, `mouse`, `series`, `experiment`, `store_path`, `rows_digest`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 'datasets/3fc7456d12ce37d265455ca1d928d8d9/Simulated_2026_0001_s01_e01', 'd74167d5b13fafb722ce4b4bdd5de8c01a7984dc694fbe50999eee34f096c1f3');;
CREATE TABLE `{prefix}dataset`.`__dataset__split` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `movie` varchar(96) NOT NULL,
  `scene` int NOT NULL COMMENT 'from 0, as the lab''s scene_id',
  `tier` enum('train','validation','test','left_out') NOT NULL COMMENT ':enum(''train'', ''validation'', ''test'', ''left_out''):left out: nearly a scene of another tier',
  PRIMARY KEY (`dataset_hash`,`movie`,`scene`),
  KEY `movie` (`movie`,`scene`),
  CONSTRAINT `__dataset__split_ibfk_1` FOREIGN KEY (`dataset_hash`) REFERENCES `{prefix}dataset`.`__dataset` (`dataset_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__dataset__split_ibfk_2` FOREIGN KEY (`movie`, `scene`) REFERENCES `{prefix}stimulus`.`scene` (`movie`, `scene`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}dataset`.`__dataset__split` (`dataset_hash`, `movie`, `scene`, `tier`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 0, 'validation'),
('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 1, 'train'),
('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 2, 'validation'),
('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 3, 'train'),
('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 4, 'train'),
('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 5, 'train'),
('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 6, 'test'),
('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 7, 'test'),
('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 8, 'test');;
CREATE TABLE `{prefix}dataset`.`__dataset__unit` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `unit` int NOT NULL,
  `unit_index` int NOT NULL COMMENT ':int32:',
  `mean_rate_hz` double NOT NULL COMMENT ':float64:in the training tier',
  PRIMARY KEY (`dataset_hash`,`mouse`,`series`,`experiment`,`unit`),
  KEY `mouse` (`mouse`,`series`,`experiment`,`unit`),
  CONSTRAINT `__dataset__unit_ibfk_1` FOREIGN KEY (`dataset_hash`) REFERENCES `{prefix}dataset`.`__dataset` (`dataset_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__dataset__unit_ibfk_2` FOREIGN KEY (`mouse`, `series`, `experiment`, `unit`) REFERENCES `{prefix}session`.`unit` (`mouse`, `series`, `experiment`, `unit`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}dataset`.`__dataset__unit` (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`, `unit_index`, `mean_rate_hz`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, 0, 4.5e0),
('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, 1, 13.5e0);;
CREATE TABLE `{prefix}dataset`.`dataset_config` (
  `dataset_hash` char(32) NOT NULL COMMENT ':char(32):sha256 of function and config, first 128 bits',
  `dataset_fn` varchar(128) NOT NULL COMMENT ':varchar(128):registered name, or import path of an allowed package',
  `dataset_config` json NOT NULL COMMENT ':json:its arguments',
  `dataset_comment` varchar(256) NOT NULL DEFAULT '' COMMENT ':varchar(256):',
  PRIMARY KEY (`dataset_hash`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='dataset function and its arguments';;
INSERT INTO `{prefix}dataset`.`dataset_config` (`dataset_hash`, `dataset_fn`, `dataset_config`, `dataset_comment`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', 'stored_sessions', '{\"size_px\": [18, 32], \"sessions\": [\"Simulated_2026_0001_s01_e01\"], \"batch_size\": 2, \"window_frames\": 40, \"validation_share\": 0.34}', 'a comment');;
CREATE TABLE `{prefix}dataset`.`dataset_config__leaf` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `path` varchar(180) NOT NULL COMMENT ':varchar(180):where it stands, as core.channels.0',
  `kind` enum('null','bool','int','float','str','list','dict') NOT NULL COMMENT ':enum(''null'', ''bool'', ''int'', ''float'', ''str'', ''list'', ''dict''):',
  `value` varchar(2000) NOT NULL COMMENT ':varchar(2000):its JSON text',
  `number` double DEFAULT NULL COMMENT ':float64:its value where it is a number or a bool',
  PRIMARY KEY (`dataset_hash`,`path`),
  CONSTRAINT `dataset_config__leaf_ibfk_1` FOREIGN KEY (`dataset_hash`) REFERENCES `{prefix}dataset`.`dataset_config` (`dataset_hash`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='one value of the config, for queries';;
INSERT INTO `{prefix}dataset`.`dataset_config__leaf` (`dataset_hash`, `path`, `kind`, `value`, `number`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', 'batch_size', 'int', '2', 2.0e0),
('719b23223fc9885c75c8d231c40c8f8d', 'sessions.0', 'str', '\"Simulated_2026_0001_s01_e01\"', NULL),
('719b23223fc9885c75c8d231c40c8f8d', 'size_px.0', 'int', '18', 18.0e0),
('719b23223fc9885c75c8d231c40c8f8d', 'size_px.1', 'int', '32', 32.0e0),
('719b23223fc9885c75c8d231c40c8f8d', 'validation_share', 'float', '0.34', 0.34e0),
('719b23223fc9885c75c8d231c40c8f8d', 'window_frames', 'int', '40', 40.0e0);;
CREATE TABLE `{prefix}dataset`.`dataset_config__session` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  PRIMARY KEY (`dataset_hash`,`mouse`,`series`,`experiment`),
  KEY `mouse` (`mouse`,`series`,`experiment`),
  CONSTRAINT `dataset_config__session_ibfk_1` FOREIGN KEY (`dataset_hash`) REFERENCES `{prefix}dataset`.`dataset_config` (`dataset_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `dataset_config__session_ibfk_2` FOREIGN KEY (`mouse`, `series`, `experiment`) REFERENCES `{prefix}session`.`session` (`mouse`, `series`, `experiment`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}dataset`.`dataset_config__session` (`dataset_hash`, `mouse`, `series`, `experiment`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1);;
CREATE TABLE `{prefix}dataset`.`~lineage` (
  `table_name` varchar(64) NOT NULL COMMENT 'table name within the schema',
  `attribute_name` varchar(64) NOT NULL COMMENT 'attribute name',
  `lineage` varchar(255) NOT NULL COMMENT 'origin: schema.table.attribute',
  PRIMARY KEY (`table_name`,`attribute_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}dataset`.`~lineage` (`table_name`, `attribute_name`, `lineage`) VALUES
('__dataset', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__dataset__session', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__dataset__session', 'experiment', '{prefix}session.session.experiment'),
('__dataset__session', 'mouse', '{prefix}session.mouse.mouse'),
('__dataset__session', 'series', '{prefix}session.session.series'),
('__dataset__split', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__dataset__split', 'movie', '{prefix}stimulus.movie.movie'),
('__dataset__split', 'scene', '{prefix}stimulus.scene.scene'),
('__dataset__unit', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__dataset__unit', 'experiment', '{prefix}session.session.experiment'),
('__dataset__unit', 'mouse', '{prefix}session.mouse.mouse'),
('__dataset__unit', 'series', '{prefix}session.session.series'),
('__dataset__unit', 'unit', '{prefix}session.unit.unit'),
('~~dataset', 'dataset_hash', '{prefix}dataset.~~dataset.dataset_hash'),
('dataset_config', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('dataset_config__leaf', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('dataset_config__leaf', 'path', '{prefix}dataset.dataset_config__leaf.path'),
('dataset_config__session', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('dataset_config__session', 'experiment', '{prefix}session.session.experiment'),
('dataset_config__session', 'mouse', '{prefix}session.mouse.mouse'),
('dataset_config__session', 'series', '{prefix}session.session.series');;
CREATE TABLE `{prefix}dataset`.`~~dataset` (
  `dataset_hash` char(32) NOT NULL COMMENT ':char(32):',
  `status` enum('pending','reserved','success','error','ignore') NOT NULL COMMENT ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):',
  `priority` tinyint NOT NULL COMMENT ':int8:',
  `created_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `scheduled_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `reserved_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `completed_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `duration` double DEFAULT NULL COMMENT ':float64:',
  `error_message` varchar(2047) NOT NULL DEFAULT '' COMMENT ':varchar(2047):',
  `error_stack` longblob COMMENT ':<blob>:',
  `user` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `host` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `pid` int NOT NULL DEFAULT '0' COMMENT ':int32:',
  `connection_id` bigint NOT NULL DEFAULT '0' COMMENT ':int64:',
  `version` varchar(64) NOT NULL DEFAULT '' COMMENT ':varchar(64):',
  PRIMARY KEY (`dataset_hash`),
  KEY `status` (`status`,`priority`,`scheduled_time`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Job queue for `{prefix}dataset`.`__dataset`';;
CREATE TABLE `{prefix}ensemble`.`__ensemble_score` (
  `ensemble_hash` char(32) NOT NULL COMMENT 'sha256 of its members'' keys, first 128 bits',
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `mean_correlation` double DEFAULT NULL COMMENT ':float64:over units',
  PRIMARY KEY (`ensemble_hash`),
  KEY `dataset_hash` (`dataset_hash`),
  CONSTRAINT `__ensemble_score_ibfk_1` FOREIGN KEY (`ensemble_hash`) REFERENCES `{prefix}ensemble`.`ensemble` (`ensemble_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__ensemble_score_ibfk_2` FOREIGN KEY (`dataset_hash`) REFERENCES `{prefix}dataset`.`__dataset` (`dataset_hash`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='scores of an ensemble';;
INSERT INTO `{prefix}ensemble`.`__ensemble_score` (`ensemble_hash`, `dataset_hash`, `mean_correlation`) VALUES
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', -0.05616670445612973e0);;
CREATE TABLE `{prefix}ensemble`.`__ensemble_score__condition` (
  `ensemble_hash` char(32) NOT NULL COMMENT 'sha256 of its members'' keys, first 128 bits',
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `unit` int NOT NULL,
  `tier` varchar(16) NOT NULL COMMENT ':varchar(16):validation or test',
  `light` varchar(16) NOT NULL COMMENT ':varchar(16):all, intact or suppressed: which frames',
  `frames` bigint NOT NULL COMMENT ':int64:of all trials',
  `correlation` double DEFAULT NULL COMMENT ':float64:single-trial Pearson',
  `correlation_low` double DEFAULT NULL COMMENT ':float64:',
  `correlation_high` double DEFAULT NULL COMMENT ':float64:',
  `bits_per_spike` double DEFAULT NULL COMMENT ':float64:log-likelihood over that of the mean rate in training',
  `bits_per_spike_low` double DEFAULT NULL COMMENT ':float64:',
  `bits_per_spike_high` double DEFAULT NULL COMMENT ':float64:',
  `average_correlation` double DEFAULT NULL COMMENT ':float64:with the average of the repeats',
  `normalised_correlation` double DEFAULT NULL COMMENT ':float64:the same over its ceiling',
  `normalised_correlation_low` double DEFAULT NULL COMMENT ':float64:',
  `normalised_correlation_high` double DEFAULT NULL COMMENT ':float64:',
  `explained` double DEFAULT NULL COMMENT ':float64:share of explainable variance, FEVE',
  `explained_low` double DEFAULT NULL COMMENT ':float64:',
  `explained_high` double DEFAULT NULL COMMENT ':float64:',
  `explainable` double DEFAULT NULL COMMENT ':float64:share of single trials'' variance that is no noise',
  `ceiling` double DEFAULT NULL COMMENT ':float64:of average_correlation',
  `oracle` double DEFAULT NULL COMMENT ':float64:each trial with the mean of the others',
  `split_half` double DEFAULT NULL COMMENT ':float64:mean of odd with mean of even repeats',
  `reliability` double DEFAULT NULL COMMENT ':float64:the same after Spearman and Brown',
  `repeats` double DEFAULT NULL COMMENT ':float64:mean number behind these',
  PRIMARY KEY (`ensemble_hash`,`dataset_hash`,`mouse`,`series`,`experiment`,`unit`,`tier`,`light`),
  KEY `dataset_hash` (`dataset_hash`,`mouse`,`series`,`experiment`,`unit`),
  CONSTRAINT `__ensemble_score__condition_ibfk_1` FOREIGN KEY (`ensemble_hash`) REFERENCES `{prefix}ensemble`.`__ensemble_score` (`ensemble_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__ensemble_score__condition_ibfk_2` FOREIGN KEY (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) REFERENCES `{prefix}dataset`.`__dataset__unit` (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}ensemble`.`__ensemble_score__condition` (`ensemble_hash`, `dataset_hash`, `mouse`, `series`, `experiment`, `unit`, `tier`, `light`, `frames`, `correlation`, `correlation_low`, `correlation_high`, `bits_per_spike`, `bits_per_spike_low`, `bits_per_spike_high`, `average_correlation`, `normalised_correlation`, `normalised_correlation_low`, `normalised_correlation_high`, `explained`, `explained_low`, `explained_high`, `explainable`, `ceiling`, `oracle`, `split_half`, `reliability`, `repeats`) VALUES
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, 'test', 'all', 135, -0.013690505765528691e0, -0.19386566036882052e0, 0.23827374569220425e0, -0.08576277930214658e0, -1.1336253948762682e0, 0.44184676898586545e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, 'test', 'intact', 74, 0.16993868261350958e0, NULL, NULL, -0.9101435822157093e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, 'test', 'suppressed', 61, 0.031855080097506636e0, -0.18059943319177732e0, 0.031908245757259826e0, 0.13906834876518873e0, -0.22859866899581077e0, 0.1758350505412887e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, 'validation', 'all', 90, 0.016984983798809316e0, 0.005261801821770532e0, 0.0411028493619342e0, -0.4503838099048124e0, -0.5061483576644741e0, -0.41320744473170457e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, 'validation', 'intact', 17, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, 'validation', 'suppressed', 73, -0.010133203145444681e0, -0.07012213367317942e0, 0.0411028493619342e0, -0.4667554580079429e0, -0.5061483576644741e0, -0.4404935249035887e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, 'test', 'all', 135, -0.09864290314673077e0, -0.1876635779466924e0, 0.1557065178301011e0, -0.32386888450366375e0, -0.3508559871903187e0, -0.28744018836044105e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, 'test', 'intact', 74, -0.04303447670311631e0, -0.18766357794669863e0, 0.052764576622843555e0, -0.23963814030857278e0, -0.28744018836044105e0, -0.1440340442048362e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, 'test', 'suppressed', 61, -0.1637909011405158e0, NULL, NULL, -0.3960666652423132e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, 'validation', 'all', 90, 0.32866684707341237e0, NULL, NULL, 0.944515563915565e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, 'validation', 'intact', 17, 0.12584743186629035e0, NULL, NULL, -0.11681290148192287e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, 'validation', 'suppressed', 73, 0.19279322954723563e0, NULL, NULL, 3.0671724947105403e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);;
CREATE TABLE `{prefix}ensemble`.`__ensemble_score__member` (
  `ensemble_hash` char(32) NOT NULL COMMENT 'sha256 of its members'' keys, first 128 bits',
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  PRIMARY KEY (`ensemble_hash`,`dataset_hash`,`model_hash`,`trainer_hash`,`seed`),
  KEY `dataset_hash` (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`),
  CONSTRAINT `__ensemble_score__member_ibfk_1` FOREIGN KEY (`ensemble_hash`) REFERENCES `{prefix}ensemble`.`__ensemble_score` (`ensemble_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__ensemble_score__member_ibfk_2` FOREIGN KEY (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) REFERENCES `{prefix}training`.`__trained_model` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}ensemble`.`__ensemble_score__member` (`ensemble_hash`, `dataset_hash`, `model_hash`, `trainer_hash`, `seed`) VALUES
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0),
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1);;
CREATE TABLE `{prefix}ensemble`.`__ensemble_score__unit` (
  `ensemble_hash` char(32) NOT NULL COMMENT 'sha256 of its members'' keys, first 128 bits',
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `unit` int NOT NULL,
  `correlation` double DEFAULT NULL COMMENT ':float64:single-trial Pearson; null where the unit fired no spike in the test tier',
  PRIMARY KEY (`ensemble_hash`,`dataset_hash`,`mouse`,`series`,`experiment`,`unit`),
  KEY `dataset_hash` (`dataset_hash`,`mouse`,`series`,`experiment`,`unit`),
  CONSTRAINT `__ensemble_score__unit_ibfk_1` FOREIGN KEY (`ensemble_hash`) REFERENCES `{prefix}ensemble`.`__ensemble_score` (`ensemble_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__ensemble_score__unit_ibfk_2` FOREIGN KEY (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) REFERENCES `{prefix}dataset`.`__dataset__unit` (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}ensemble`.`__ensemble_score__unit` (`ensemble_hash`, `dataset_hash`, `mouse`, `series`, `experiment`, `unit`, `correlation`) VALUES
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, -0.013690505765528691e0),
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, -0.09864290314673077e0);;
CREATE TABLE `{prefix}ensemble`.`ensemble` (
  `ensemble_hash` char(32) NOT NULL COMMENT ':char(32):sha256 of its members'' keys, first 128 bits',
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `members` int NOT NULL COMMENT ':int32:',
  `ensemble_comment` varchar(256) NOT NULL DEFAULT '' COMMENT ':varchar(256):',
  PRIMARY KEY (`ensemble_hash`),
  KEY `dataset_hash` (`dataset_hash`),
  CONSTRAINT `ensemble_ibfk_1` FOREIGN KEY (`dataset_hash`) REFERENCES `{prefix}dataset`.`dataset_config` (`dataset_hash`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='fitted models whose mean rate is the prediction';;
INSERT INTO `{prefix}ensemble`.`ensemble` (`ensemble_hash`, `dataset_hash`, `members`, `ensemble_comment`) VALUES
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 2, '');;
CREATE TABLE `{prefix}ensemble`.`ensemble__member` (
  `ensemble_hash` char(32) NOT NULL COMMENT 'sha256 of its members'' keys, first 128 bits',
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  PRIMARY KEY (`ensemble_hash`,`dataset_hash`,`model_hash`,`trainer_hash`,`seed`),
  KEY `dataset_hash` (`dataset_hash`),
  KEY `model_hash` (`model_hash`),
  KEY `trainer_hash` (`trainer_hash`),
  KEY `seed` (`seed`),
  CONSTRAINT `ensemble__member_ibfk_1` FOREIGN KEY (`ensemble_hash`) REFERENCES `{prefix}ensemble`.`ensemble` (`ensemble_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `ensemble__member_ibfk_2` FOREIGN KEY (`dataset_hash`) REFERENCES `{prefix}dataset`.`dataset_config` (`dataset_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `ensemble__member_ibfk_3` FOREIGN KEY (`model_hash`) REFERENCES `{prefix}model`.`model_config` (`model_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `ensemble__member_ibfk_4` FOREIGN KEY (`trainer_hash`) REFERENCES `{prefix}trainer`.`trainer_config` (`trainer_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `ensemble__member_ibfk_5` FOREIGN KEY (`seed`) REFERENCES `{prefix}trainer`.`seed` (`seed`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}ensemble`.`ensemble__member` (`ensemble_hash`, `dataset_hash`, `model_hash`, `trainer_hash`, `seed`) VALUES
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0),
('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1);;
CREATE TABLE `{prefix}ensemble`.`~lineage` (
  `table_name` varchar(64) NOT NULL COMMENT 'table name within the schema',
  `attribute_name` varchar(64) NOT NULL COMMENT 'attribute name',
  `lineage` varchar(255) NOT NULL COMMENT 'origin: schema.table.attribute',
  PRIMARY KEY (`table_name`,`attribute_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}ensemble`.`~lineage` (`table_name`, `attribute_name`, `lineage`) VALUES
('__ensemble_score', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__ensemble_score', 'ensemble_hash', '{prefix}ensemble.ensemble.ensemble_hash'),
('__ensemble_score__condition', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__ensemble_score__condition', 'ensemble_hash', '{prefix}ensemble.ensemble.ensemble_hash'),
('__ensemble_score__condition', 'experiment', '{prefix}session.session.experiment'),
('__ensemble_score__condition', 'light', '{prefix}ensemble.__ensemble_score__condition.light'),
('__ensemble_score__condition', 'mouse', '{prefix}session.mouse.mouse'),
('__ensemble_score__condition', 'series', '{prefix}session.session.series'),
('__ensemble_score__condition', 'tier', '{prefix}ensemble.__ensemble_score__condition.tier'),
('__ensemble_score__condition', 'unit', '{prefix}session.unit.unit'),
('__ensemble_score__member', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__ensemble_score__member', 'ensemble_hash', '{prefix}ensemble.ensemble.ensemble_hash'),
('__ensemble_score__member', 'model_hash', '{prefix}model.model_config.model_hash'),
('__ensemble_score__member', 'seed', '{prefix}trainer.seed.seed'),
('__ensemble_score__member', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('__ensemble_score__unit', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__ensemble_score__unit', 'ensemble_hash', '{prefix}ensemble.ensemble.ensemble_hash'),
('__ensemble_score__unit', 'experiment', '{prefix}session.session.experiment'),
('__ensemble_score__unit', 'mouse', '{prefix}session.mouse.mouse'),
('__ensemble_score__unit', 'series', '{prefix}session.session.series'),
('__ensemble_score__unit', 'unit', '{prefix}session.unit.unit'),
('~~ensemble_score', 'ensemble_hash', '{prefix}ensemble.~~ensemble_score.ensemble_hash'),
('ensemble', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('ensemble', 'ensemble_hash', '{prefix}ensemble.ensemble.ensemble_hash'),
('ensemble__member', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('ensemble__member', 'ensemble_hash', '{prefix}ensemble.ensemble.ensemble_hash'),
('ensemble__member', 'model_hash', '{prefix}model.model_config.model_hash'),
('ensemble__member', 'seed', '{prefix}trainer.seed.seed'),
('ensemble__member', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash');;
CREATE TABLE `{prefix}ensemble`.`~~ensemble_score` (
  `ensemble_hash` char(32) NOT NULL COMMENT ':char(32):',
  `status` enum('pending','reserved','success','error','ignore') NOT NULL COMMENT ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):',
  `priority` tinyint NOT NULL COMMENT ':int8:',
  `created_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `scheduled_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `reserved_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `completed_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `duration` double DEFAULT NULL COMMENT ':float64:',
  `error_message` varchar(2047) NOT NULL DEFAULT '' COMMENT ':varchar(2047):',
  `error_stack` longblob COMMENT ':<blob>:',
  `user` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `host` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `pid` int NOT NULL DEFAULT '0' COMMENT ':int32:',
  `connection_id` bigint NOT NULL DEFAULT '0' COMMENT ':int64:',
  `version` varchar(64) NOT NULL DEFAULT '' COMMENT ':varchar(64):',
  PRIMARY KEY (`ensemble_hash`),
  KEY `status` (`status`,`priority`,`scheduled_time`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Job queue for `{prefix}ensemble`.`__ensemble_score`';;
CREATE TABLE `{prefix}evaluation`.`__feedback_modulation` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`),
  CONSTRAINT `__feedback_modulation_ibfk_1` FOREIGN KEY (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) REFERENCES `{prefix}training`.`__trained_model` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='effect of the light';;
INSERT INTO `{prefix}evaluation`.`__feedback_modulation` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1);;
CREATE TABLE `{prefix}evaluation`.`__feedback_modulation__unit` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `unit` int NOT NULL,
  `data_intact_hz` double DEFAULT NULL COMMENT ':float64:',
  `data_suppressed_hz` double DEFAULT NULL COMMENT ':float64:',
  `data_omi` double DEFAULT NULL COMMENT ':float64:(suppressed - intact) / (suppressed + intact)',
  `data_omi_p` double DEFAULT NULL COMMENT ':float64:two-sided, permutations of the light''s draws',
  `data_omi_q` double DEFAULT NULL COMMENT ':float64:false-discovery rate over the fit''s units',
  `model_intact_hz` double DEFAULT NULL COMMENT ':float64:',
  `model_suppressed_hz` double DEFAULT NULL COMMENT ':float64:',
  `model_omi` double DEFAULT NULL COMMENT ':float64:',
  `data_rmi` double DEFAULT NULL COMMENT ':float64:(running - still) / (running + still)',
  `model_rmi` double DEFAULT NULL COMMENT ':float64:',
  `data_emi` double DEFAULT NULL COMMENT ':float64:(large pupil - small pupil) / (large pupil + small pupil)',
  `model_emi` double DEFAULT NULL COMMENT ':float64:',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`,`mouse`,`series`,`experiment`,`unit`),
  KEY `dataset_hash` (`dataset_hash`,`mouse`,`series`,`experiment`,`unit`),
  CONSTRAINT `__feedback_modulation__unit_ibfk_1` FOREIGN KEY (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) REFERENCES `{prefix}evaluation`.`__feedback_modulation` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__feedback_modulation__unit_ibfk_2` FOREIGN KEY (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) REFERENCES `{prefix}dataset`.`__dataset__unit` (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}evaluation`.`__feedback_modulation__unit` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mouse`, `series`, `experiment`, `unit`, `data_intact_hz`, `data_suppressed_hz`, `data_omi`, `data_omi_p`, `data_omi_q`, `model_intact_hz`, `model_suppressed_hz`, `model_omi`, `data_rmi`, `model_rmi`, `data_emi`, `model_emi`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, 1.978021978021978e0, 7.164179104477612e0, 0.5672766415500538e0, 0.1446e0, 0.2892e0, 8.61654281616211e0, 8.61654281616211e0, 0.0e0, NULL, NULL, 0.4771241830065359e0, -0.21385814527843644e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, 14.505494505494505e0, 10.298507462686567e0, -0.16960920452291214e0, 0.7204e0, 0.7204e0, 9.531967163085938e0, 9.531967163085938e0, 0.0e0, NULL, NULL, 0.4258675078864353e0, 0.06394355735000491e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 1.978021978021978e0, 7.164179104477612e0, 0.5672766415500538e0, 0.1364e0, 0.2728e0, 5.266908645629883e0, 5.266908645629883e0, 0.0e0, NULL, NULL, 0.4771241830065359e0, 0.07732019961201825e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 14.505494505494505e0, 10.298507462686567e0, -0.16960920452291214e0, 0.7084e0, 0.7084e0, 14.210165023803711e0, 14.210165023803711e0, 0.0e0, NULL, NULL, 0.4258675078864353e0, 0.01770765959644e0);;
CREATE TABLE `{prefix}evaluation`.`__input_gain` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`),
  CONSTRAINT `__input_gain_ibfk_1` FOREIGN KEY (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) REFERENCES `{prefix}evaluation`.`__score` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='gain of each input';;
INSERT INTO `{prefix}evaluation`.`__input_gain` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1);;
CREATE TABLE `{prefix}evaluation`.`__input_gain__unit` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `unit` int NOT NULL,
  `movie` double DEFAULT NULL COMMENT ':float64:',
  `light` double DEFAULT NULL COMMENT ':float64:',
  `running` double DEFAULT NULL COMMENT ':float64:',
  `pupil` double DEFAULT NULL COMMENT ':float64:size and position',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`,`mouse`,`series`,`experiment`,`unit`),
  KEY `dataset_hash` (`dataset_hash`,`mouse`,`series`,`experiment`,`unit`),
  CONSTRAINT `__input_gain__unit_ibfk_1` FOREIGN KEY (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) REFERENCES `{prefix}evaluation`.`__input_gain` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__input_gain__unit_ibfk_2` FOREIGN KEY (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) REFERENCES `{prefix}dataset`.`__dataset__unit` (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}evaluation`.`__input_gain__unit` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mouse`, `series`, `experiment`, `unit`, `movie`, `light`, `running`, `pupil`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, 0.025018419824444457e0, -8.326672684688674e-17, 0.0e0, 0.0e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, -0.27985649660869805e0, 8.326672684688674e-17, 0.0e0, 0.0e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 0.29384740809756316e0, 2.498001805406602e-16, 0.0e0, 0.0e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 0.18124251112179585e0, -9.71445146547012e-17, 0.0e0, 0.0e0);;
CREATE TABLE `{prefix}evaluation`.`__receptive_field` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  PRIMARY KEY (`dataset_hash`),
  CONSTRAINT `__receptive_field_ibfk_1` FOREIGN KEY (`dataset_hash`) REFERENCES `{prefix}dataset`.`__dataset` (`dataset_hash`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='linear receptive fields';;
INSERT INTO `{prefix}evaluation`.`__receptive_field` (`dataset_hash`) VALUES
('719b23223fc9885c75c8d231c40c8f8d');;
CREATE TABLE `{prefix}evaluation`.`__receptive_field__unit` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `unit` int NOT NULL,
  `field` json NOT NULL COMMENT ':<npy@main>:(lag, height, width)',
  PRIMARY KEY (`dataset_hash`,`mouse`,`series`,`experiment`,`unit`),
  CONSTRAINT `__receptive_field__unit_ibfk_1` FOREIGN KEY (`dataset_hash`) REFERENCES `{prefix}evaluation`.`__receptive_field` (`dataset_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__receptive_field__unit_ibfk_2` FOREIGN KEY (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) REFERENCES `{prefix}dataset`.`__dataset__unit` (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}evaluation`.`__receptive_field__unit` (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`, `field`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, '{\"path\": \"_schema/{prefix}evaluation/__receptive_field__unit/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/field_EBYYqTVm.npy\", \"dtype\": \"float32\", \"shape\": [15, 18, 32], \"store\": \"main\"}'),
('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, '{\"path\": \"_schema/{prefix}evaluation/__receptive_field__unit/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/mouse=Simulated_2026_0001/series=1/experiment=1/unit=2/field___aWLs-y.npy\", \"dtype\": \"float32\", \"shape\": [15, 18, 32], \"store\": \"main\"}');;
CREATE TABLE `{prefix}evaluation`.`__score` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  `mean_correlation` double DEFAULT NULL COMMENT ':float64:over units',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`),
  CONSTRAINT `__score_ibfk_1` FOREIGN KEY (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) REFERENCES `{prefix}training`.`__trained_model` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='scores of a fitted model';;
INSERT INTO `{prefix}evaluation`.`__score` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mean_correlation`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, -0.08510822822002384e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 0.09885950765964746e0);;
CREATE TABLE `{prefix}evaluation`.`__score__condition` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `unit` int NOT NULL,
  `tier` varchar(16) NOT NULL COMMENT ':varchar(16):validation or test',
  `light` varchar(16) NOT NULL COMMENT ':varchar(16):all, intact or suppressed: which frames',
  `frames` bigint NOT NULL COMMENT ':int64:of all trials',
  `correlation` double DEFAULT NULL COMMENT ':float64:single-trial Pearson',
  `correlation_low` double DEFAULT NULL COMMENT ':float64:',
  `correlation_high` double DEFAULT NULL COMMENT ':float64:',
  `bits_per_spike` double DEFAULT NULL COMMENT ':float64:log-likelihood over that of the mean rate in training',
  `bits_per_spike_low` double DEFAULT NULL COMMENT ':float64:',
  `bits_per_spike_high` double DEFAULT NULL COMMENT ':float64:',
  `average_correlation` double DEFAULT NULL COMMENT ':float64:with the average of the repeats',
  `normalised_correlation` double DEFAULT NULL COMMENT ':float64:the same over its ceiling',
  `normalised_correlation_low` double DEFAULT NULL COMMENT ':float64:',
  `normalised_correlation_high` double DEFAULT NULL COMMENT ':float64:',
  `explained` double DEFAULT NULL COMMENT ':float64:share of explainable variance, FEVE',
  `explained_low` double DEFAULT NULL COMMENT ':float64:',
  `explained_high` double DEFAULT NULL COMMENT ':float64:',
  `explainable` double DEFAULT NULL COMMENT ':float64:share of single trials'' variance that is no noise',
  `ceiling` double DEFAULT NULL COMMENT ':float64:of average_correlation',
  `oracle` double DEFAULT NULL COMMENT ':float64:each trial with the mean of the others',
  `split_half` double DEFAULT NULL COMMENT ':float64:mean of odd with mean of even repeats',
  `reliability` double DEFAULT NULL COMMENT ':float64:the same after Spearman and Brown',
  `repeats` double DEFAULT NULL COMMENT ':float64:mean number behind these',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`,`mouse`,`series`,`experiment`,`unit`,`tier`,`light`),
  KEY `dataset_hash` (`dataset_hash`,`mouse`,`series`,`experiment`,`unit`),
  CONSTRAINT `__score__condition_ibfk_1` FOREIGN KEY (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) REFERENCES `{prefix}evaluation`.`__score` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__score__condition_ibfk_2` FOREIGN KEY (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) REFERENCES `{prefix}dataset`.`__dataset__unit` (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}evaluation`.`__score__condition` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mouse`, `series`, `experiment`, `unit`, `tier`, `light`, `frames`, `correlation`, `correlation_low`, `correlation_high`, `bits_per_spike`, `bits_per_spike_low`, `bits_per_spike_high`, `average_correlation`, `normalised_correlation`, `normalised_correlation_low`, `normalised_correlation_high`, `explained`, `explained_low`, `explained_high`, `explainable`, `ceiling`, `oracle`, `split_half`, `reliability`, `repeats`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, 'test', 'all', 135, -0.06913891567342861e0, -0.18170885476203386e0, 0.24952052123763563e0, -1.550499033936449e0, -3.152780436531733e0, 0.3738775983065389e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, 'test', 'intact', 74, 0.1697336697825919e0, NULL, NULL, -2.8129397968715417e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, 'test', 'suppressed', 61, -0.02420970440670284e0, -0.18122959392075644e0, 0.10757753844660271e0, -1.2061970076814232e0, -1.2622522763821622e0, -0.6456443206740352e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, 'validation', 'all', 90, 0.05305774885763216e0, 0.04576565128477423e0, 0.05305774885763216e0, -0.733485369780825e0, -1.0216499324618484e0, -0.5413756613268093e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, 'validation', 'intact', 17, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, 'validation', 'suppressed', 73, 0.027481755156404778e0, -0.023231235182666572e0, 0.04576565128477423e0, -0.8720830977911865e0, -1.0216499324618484e0, -0.7723718746774121e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, 'test', 'all', 135, -0.10107754076661905e0, -0.14167645455986916e0, 0.20123399523965968e0, -5.527719748591647e0, -11.845994978780062e0, -0.7254556432639304e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, 'test', 'intact', 74, -0.03208698136200254e0, -0.0326796117564672e0, 0.11064609736909264e0, -8.032727270125955e0, -11.845994978780062e0, -0.406191852817738e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, 'test', 'suppressed', 61, -0.18635265776049684e0, NULL, NULL, -3.380570444419384e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, 'validation', 'all', 90, 0.28937877487263597e0, NULL, NULL, 0.9958912389647819e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, 'validation', 'intact', 17, 0.036120301896104434e0, NULL, NULL, -0.6750153792518375e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, 'validation', 'suppressed', 73, 0.20223084849135806e0, NULL, NULL, 4.337704475398022e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 'test', 'all', 135, 0.12692905922625528e0, -0.2607553153995033e0, 0.1515287727741562e0, 0.09229400558345352e0, -0.000559168765982859e0, 0.2897802954447548e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 'test', 'intact', 74, -0.045713665541908005e0, NULL, NULL, 0.10656383660128853e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 'test', 'suppressed', 61, 0.03836959011300671e0, -0.07288124648204371e0, 0.08170480836800867e0, 0.08840223348768035e0, -0.03158872065705941e0, 0.10040132890215434e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 'validation', 'all', 90, -0.30005678128400604e0, -0.3632048088902983e0, -0.048747691666326275e0, -0.8092454254709182e0, -1.185980043478672e0, -0.2441434984592879e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 'validation', 'intact', 17, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 'validation', 'suppressed', 73, -0.30807274601614e0, -0.36663014417182815e0, -0.048747691666326275e0, -0.7033910007543838e0, -1.0095560022844476e0, -0.2441434984592879e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 'test', 'all', 135, 0.07078995609303963e0, -0.31284114649578804e0, 0.10004805733995865e0, 0.032411457692492714e0, -0.11145091960574097e0, 0.08197959403891156e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 'test', 'intact', 74, -0.07813570507416709e0, -0.36319454702574744e0, -0.05022598979049342e0, -0.026347713683758336e0, -0.11423995652202813e0, 0.017598407735376558e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 'test', 'suppressed', 61, 0.15340679463346857e0, NULL, NULL, 0.08277646172927933e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 'validation', 'all', 90, 0.22088033868040086e0, NULL, NULL, 0.15515720493196916e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 'validation', 'intact', 17, 0.5773796702736473e0, NULL, NULL, 0.26410622606536815e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 'validation', 'suppressed', 73, -0.05579222869608146e0, NULL, NULL, -0.06274083733482877e0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);;
CREATE TABLE `{prefix}evaluation`.`__score__unit` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `unit` int NOT NULL,
  `correlation` double DEFAULT NULL COMMENT ':float64:single-trial Pearson; null where the unit fired no spike in the test tier',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`,`mouse`,`series`,`experiment`,`unit`),
  KEY `dataset_hash` (`dataset_hash`,`mouse`,`series`,`experiment`,`unit`),
  CONSTRAINT `__score__unit_ibfk_1` FOREIGN KEY (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) REFERENCES `{prefix}evaluation`.`__score` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__score__unit_ibfk_2` FOREIGN KEY (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) REFERENCES `{prefix}dataset`.`__dataset__unit` (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}evaluation`.`__score__unit` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mouse`, `series`, `experiment`, `unit`, `correlation`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, -0.06913891567342861e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, -0.10107754076661905e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 0.12692905922625528e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 0.07078995609303963e0);;
CREATE TABLE `{prefix}evaluation`.`~lineage` (
  `table_name` varchar(64) NOT NULL COMMENT 'table name within the schema',
  `attribute_name` varchar(64) NOT NULL COMMENT 'attribute name',
  `lineage` varchar(255) NOT NULL COMMENT 'origin: schema.table.attribute',
  PRIMARY KEY (`table_name`,`attribute_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}evaluation`.`~lineage` (`table_name`, `attribute_name`, `lineage`) VALUES
('__feedback_modulation', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__feedback_modulation', 'model_hash', '{prefix}model.model_config.model_hash'),
('__feedback_modulation', 'seed', '{prefix}trainer.seed.seed'),
('__feedback_modulation', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('__feedback_modulation__unit', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__feedback_modulation__unit', 'experiment', '{prefix}session.session.experiment'),
('__feedback_modulation__unit', 'model_hash', '{prefix}model.model_config.model_hash'),
('__feedback_modulation__unit', 'mouse', '{prefix}session.mouse.mouse'),
('__feedback_modulation__unit', 'seed', '{prefix}trainer.seed.seed'),
('__feedback_modulation__unit', 'series', '{prefix}session.session.series'),
('__feedback_modulation__unit', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('__feedback_modulation__unit', 'unit', '{prefix}session.unit.unit'),
('__input_gain', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__input_gain', 'model_hash', '{prefix}model.model_config.model_hash'),
('__input_gain', 'seed', '{prefix}trainer.seed.seed'),
('__input_gain', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('__input_gain__unit', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__input_gain__unit', 'experiment', '{prefix}session.session.experiment'),
('__input_gain__unit', 'model_hash', '{prefix}model.model_config.model_hash'),
('__input_gain__unit', 'mouse', '{prefix}session.mouse.mouse'),
('__input_gain__unit', 'seed', '{prefix}trainer.seed.seed'),
('__input_gain__unit', 'series', '{prefix}session.session.series'),
('__input_gain__unit', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('__input_gain__unit', 'unit', '{prefix}session.unit.unit'),
('__receptive_field', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__receptive_field__unit', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__receptive_field__unit', 'experiment', '{prefix}session.session.experiment'),
('__receptive_field__unit', 'mouse', '{prefix}session.mouse.mouse'),
('__receptive_field__unit', 'series', '{prefix}session.session.series'),
('__receptive_field__unit', 'unit', '{prefix}session.unit.unit'),
('__score', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__score', 'model_hash', '{prefix}model.model_config.model_hash'),
('__score', 'seed', '{prefix}trainer.seed.seed'),
('__score', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('__score__condition', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__score__condition', 'experiment', '{prefix}session.session.experiment'),
('__score__condition', 'light', '{prefix}evaluation.__score__condition.light'),
('__score__condition', 'model_hash', '{prefix}model.model_config.model_hash'),
('__score__condition', 'mouse', '{prefix}session.mouse.mouse'),
('__score__condition', 'seed', '{prefix}trainer.seed.seed'),
('__score__condition', 'series', '{prefix}session.session.series'),
('__score__condition', 'tier', '{prefix}evaluation.__score__condition.tier'),
('__score__condition', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('__score__condition', 'unit', '{prefix}session.unit.unit'),
('__score__unit', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__score__unit', 'experiment', '{prefix}session.session.experiment'),
('__score__unit', 'model_hash', '{prefix}model.model_config.model_hash'),
('__score__unit', 'mouse', '{prefix}session.mouse.mouse'),
('__score__unit', 'seed', '{prefix}trainer.seed.seed'),
('__score__unit', 'series', '{prefix}session.session.series'),
('__score__unit', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('__score__unit', 'unit', '{prefix}session.unit.unit'),
('~~feedback_modulation', 'dataset_hash', '{prefix}evaluation.~~feedback_modulation.dataset_hash'),
('~~feedback_modulation', 'model_hash', '{prefix}evaluation.~~feedback_modulation.model_hash'),
('~~feedback_modulation', 'seed', '{prefix}evaluation.~~feedback_modulation.seed'),
('~~feedback_modulation', 'trainer_hash', '{prefix}evaluation.~~feedback_modulation.trainer_hash'),
('~~input_gain', 'dataset_hash', '{prefix}evaluation.~~input_gain.dataset_hash'),
('~~input_gain', 'model_hash', '{prefix}evaluation.~~input_gain.model_hash'),
('~~input_gain', 'seed', '{prefix}evaluation.~~input_gain.seed'),
('~~input_gain', 'trainer_hash', '{prefix}evaluation.~~input_gain.trainer_hash'),
('~~receptive_field', 'dataset_hash', '{prefix}evaluation.~~receptive_field.dataset_hash'),
('~~score', 'dataset_hash', '{prefix}evaluation.~~score.dataset_hash'),
('~~score', 'model_hash', '{prefix}evaluation.~~score.model_hash'),
('~~score', 'seed', '{prefix}evaluation.~~score.seed'),
('~~score', 'trainer_hash', '{prefix}evaluation.~~score.trainer_hash');;
CREATE TABLE `{prefix}evaluation`.`~~feedback_modulation` (
  `dataset_hash` char(32) NOT NULL COMMENT ':char(32):',
  `model_hash` char(32) NOT NULL COMMENT ':char(32):',
  `trainer_hash` char(32) NOT NULL COMMENT ':char(32):',
  `seed` bigint NOT NULL,
  `status` enum('pending','reserved','success','error','ignore') NOT NULL COMMENT ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):',
  `priority` tinyint NOT NULL COMMENT ':int8:',
  `created_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `scheduled_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `reserved_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `completed_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `duration` double DEFAULT NULL COMMENT ':float64:',
  `error_message` varchar(2047) NOT NULL DEFAULT '' COMMENT ':varchar(2047):',
  `error_stack` longblob COMMENT ':<blob>:',
  `user` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `host` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `pid` int NOT NULL DEFAULT '0' COMMENT ':int32:',
  `connection_id` bigint NOT NULL DEFAULT '0' COMMENT ':int64:',
  `version` varchar(64) NOT NULL DEFAULT '' COMMENT ':varchar(64):',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`),
  KEY `status` (`status`,`priority`,`scheduled_time`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Job queue for `{prefix}evaluation`.`__feedback_modulation`';;
CREATE TABLE `{prefix}evaluation`.`~~input_gain` (
  `dataset_hash` char(32) NOT NULL COMMENT ':char(32):',
  `model_hash` char(32) NOT NULL COMMENT ':char(32):',
  `trainer_hash` char(32) NOT NULL COMMENT ':char(32):',
  `seed` bigint NOT NULL,
  `status` enum('pending','reserved','success','error','ignore') NOT NULL COMMENT ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):',
  `priority` tinyint NOT NULL COMMENT ':int8:',
  `created_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `scheduled_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `reserved_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `completed_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `duration` double DEFAULT NULL COMMENT ':float64:',
  `error_message` varchar(2047) NOT NULL DEFAULT '' COMMENT ':varchar(2047):',
  `error_stack` longblob COMMENT ':<blob>:',
  `user` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `host` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `pid` int NOT NULL DEFAULT '0' COMMENT ':int32:',
  `connection_id` bigint NOT NULL DEFAULT '0' COMMENT ':int64:',
  `version` varchar(64) NOT NULL DEFAULT '' COMMENT ':varchar(64):',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`),
  KEY `status` (`status`,`priority`,`scheduled_time`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Job queue for `{prefix}evaluation`.`__input_gain`';;
CREATE TABLE `{prefix}evaluation`.`~~receptive_field` (
  `dataset_hash` char(32) NOT NULL COMMENT ':char(32):',
  `status` enum('pending','reserved','success','error','ignore') NOT NULL COMMENT ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):',
  `priority` tinyint NOT NULL COMMENT ':int8:',
  `created_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `scheduled_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `reserved_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `completed_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `duration` double DEFAULT NULL COMMENT ':float64:',
  `error_message` varchar(2047) NOT NULL DEFAULT '' COMMENT ':varchar(2047):',
  `error_stack` longblob COMMENT ':<blob>:',
  `user` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `host` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `pid` int NOT NULL DEFAULT '0' COMMENT ':int32:',
  `connection_id` bigint NOT NULL DEFAULT '0' COMMENT ':int64:',
  `version` varchar(64) NOT NULL DEFAULT '' COMMENT ':varchar(64):',
  PRIMARY KEY (`dataset_hash`),
  KEY `status` (`status`,`priority`,`scheduled_time`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Job queue for `{prefix}evaluation`.`__receptive_field`';;
CREATE TABLE `{prefix}evaluation`.`~~score` (
  `dataset_hash` char(32) NOT NULL COMMENT ':char(32):',
  `model_hash` char(32) NOT NULL COMMENT ':char(32):',
  `trainer_hash` char(32) NOT NULL COMMENT ':char(32):',
  `seed` bigint NOT NULL,
  `status` enum('pending','reserved','success','error','ignore') NOT NULL COMMENT ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):',
  `priority` tinyint NOT NULL COMMENT ':int8:',
  `created_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `scheduled_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `reserved_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `completed_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `duration` double DEFAULT NULL COMMENT ':float64:',
  `error_message` varchar(2047) NOT NULL DEFAULT '' COMMENT ':varchar(2047):',
  `error_stack` longblob COMMENT ':<blob>:',
  `user` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `host` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `pid` int NOT NULL DEFAULT '0' COMMENT ':int32:',
  `connection_id` bigint NOT NULL DEFAULT '0' COMMENT ':int64:',
  `version` varchar(64) NOT NULL DEFAULT '' COMMENT ':varchar(64):',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`),
  KEY `status` (`status`,`priority`,`scheduled_time`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Job queue for `{prefix}evaluation`.`__score`';;
CREATE TABLE `{prefix}experiment`.`experiment` (
  `experiment_name` varchar(64) NOT NULL COMMENT ':varchar(64):',
  `experiment_comment` varchar(256) NOT NULL DEFAULT '' COMMENT ':varchar(256):',
  PRIMARY KEY (`experiment_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='named set of fits';;
INSERT INTO `{prefix}experiment`.`experiment` (`experiment_name`, `experiment_comment`) VALUES
('old', 'naïve');;
CREATE TABLE `{prefix}experiment`.`experiment__fit` (
  `experiment_name` varchar(64) NOT NULL,
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  PRIMARY KEY (`experiment_name`,`dataset_hash`,`model_hash`,`trainer_hash`,`seed`),
  KEY `dataset_hash` (`dataset_hash`),
  KEY `model_hash` (`model_hash`),
  KEY `trainer_hash` (`trainer_hash`),
  KEY `seed` (`seed`),
  CONSTRAINT `experiment__fit_ibfk_1` FOREIGN KEY (`experiment_name`) REFERENCES `{prefix}experiment`.`experiment` (`experiment_name`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `experiment__fit_ibfk_2` FOREIGN KEY (`dataset_hash`) REFERENCES `{prefix}dataset`.`dataset_config` (`dataset_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `experiment__fit_ibfk_3` FOREIGN KEY (`model_hash`) REFERENCES `{prefix}model`.`model_config` (`model_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `experiment__fit_ibfk_4` FOREIGN KEY (`trainer_hash`) REFERENCES `{prefix}trainer`.`trainer_config` (`trainer_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `experiment__fit_ibfk_5` FOREIGN KEY (`seed`) REFERENCES `{prefix}trainer`.`seed` (`seed`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}experiment`.`experiment__fit` (`experiment_name`, `dataset_hash`, `model_hash`, `trainer_hash`, `seed`) VALUES
('old', '719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0),
('old', '719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1);;
CREATE TABLE `{prefix}experiment`.`~lineage` (
  `table_name` varchar(64) NOT NULL COMMENT 'table name within the schema',
  `attribute_name` varchar(64) NOT NULL COMMENT 'attribute name',
  `lineage` varchar(255) NOT NULL COMMENT 'origin: schema.table.attribute',
  PRIMARY KEY (`table_name`,`attribute_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}experiment`.`~lineage` (`table_name`, `attribute_name`, `lineage`) VALUES
('experiment', 'experiment_name', '{prefix}experiment.experiment.experiment_name'),
('experiment__fit', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('experiment__fit', 'experiment_name', '{prefix}experiment.experiment.experiment_name'),
('experiment__fit', 'model_hash', '{prefix}model.model_config.model_hash'),
('experiment__fit', 'seed', '{prefix}trainer.seed.seed'),
('experiment__fit', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash');;
CREATE TABLE `{prefix}fitting`.`checkpoint` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  `serial` int NOT NULL COMMENT ':int32:',
  `path` varchar(255) NOT NULL COMMENT ':varchar(255):below the store',
  `sha256` char(64) NOT NULL COMMENT ':char(64):',
  `size_bytes` bigint NOT NULL COMMENT ':int64:',
  `epoch` int NOT NULL COMMENT ':int32:the epoch that was running, from 0',
  `step` bigint NOT NULL COMMENT ':int64:optimiser steps done',
  `best_epoch` int NOT NULL COMMENT ':int32:-1 before the first',
  `saved` datetime NOT NULL COMMENT ':datetime:UTC',
  `host` varchar(64) NOT NULL COMMENT ':varchar(64):',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`,`serial`),
  KEY `model_hash` (`model_hash`),
  KEY `trainer_hash` (`trainer_hash`),
  KEY `seed` (`seed`),
  CONSTRAINT `checkpoint_ibfk_1` FOREIGN KEY (`dataset_hash`) REFERENCES `{prefix}dataset`.`__dataset` (`dataset_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `checkpoint_ibfk_2` FOREIGN KEY (`model_hash`) REFERENCES `{prefix}model`.`model_config` (`model_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `checkpoint_ibfk_3` FOREIGN KEY (`trainer_hash`) REFERENCES `{prefix}trainer`.`trainer_config` (`trainer_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `checkpoint_ibfk_4` FOREIGN KEY (`seed`) REFERENCES `{prefix}trainer`.`seed` (`seed`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='a file that a fit under way can go on from';;
CREATE TABLE `{prefix}fitting`.`epoch` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  `epoch` int NOT NULL COMMENT ':int32:from 0',
  `loss` double DEFAULT NULL COMMENT ':float64:of training, nats a unit and frame, without the penalty',
  `penalty` double DEFAULT NULL COMMENT ':float64:of the regularisers',
  `validation_loss` double DEFAULT NULL COMMENT ':float64:nats a unit and frame',
  `validation_correlation` double DEFAULT NULL COMMENT ':float64:mean single-trial Pearson over units',
  `learning_rate` double DEFAULT NULL COMMENT ':float64:',
  `samples_per_s` double DEFAULT NULL COMMENT ':float64:windows trained on a second',
  `peak_memory_bytes` bigint DEFAULT NULL COMMENT ':int64:',
  `seconds` double DEFAULT NULL COMMENT ':float64:training and validation',
  `ended` datetime NOT NULL COMMENT ':datetime:UTC',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`,`epoch`),
  KEY `model_hash` (`model_hash`),
  KEY `trainer_hash` (`trainer_hash`),
  KEY `seed` (`seed`),
  CONSTRAINT `epoch_ibfk_1` FOREIGN KEY (`dataset_hash`) REFERENCES `{prefix}dataset`.`__dataset` (`dataset_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `epoch_ibfk_2` FOREIGN KEY (`model_hash`) REFERENCES `{prefix}model`.`model_config` (`model_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `epoch_ibfk_3` FOREIGN KEY (`trainer_hash`) REFERENCES `{prefix}trainer`.`trainer_config` (`trainer_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `epoch_ibfk_4` FOREIGN KEY (`seed`) REFERENCES `{prefix}trainer`.`seed` (`seed`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='an epoch of a fit that runs or is done';;
INSERT INTO `{prefix}fitting`.`epoch` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `epoch`, `loss`, `penalty`, `validation_loss`, `validation_correlation`, `learning_rate`, `samples_per_s`, `peak_memory_bytes`, `seconds`, `ended`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 0, 0.5043303370475769e0, 0.0e0, 0.26278629899024963e0, 0.1712182618651343e0, 0.005e0, 516.8626437134545e0, 639840256, 0.009527173000606126e0, '2026-11-26 07:00:01'),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 0, 0.4444916248321533e0, 0.0e0, 0.2836700975894928e0, -0.03958822130180255e0, 0.005e0, 188.17448498410522e0, 625258496, 0.026253547999658622e0, '2026-11-26 07:00:01');;
CREATE TABLE `{prefix}fitting`.`~lineage` (
  `table_name` varchar(64) NOT NULL COMMENT 'table name within the schema',
  `attribute_name` varchar(64) NOT NULL COMMENT 'attribute name',
  `lineage` varchar(255) NOT NULL COMMENT 'origin: schema.table.attribute',
  PRIMARY KEY (`table_name`,`attribute_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}fitting`.`~lineage` (`table_name`, `attribute_name`, `lineage`) VALUES
('checkpoint', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('checkpoint', 'model_hash', '{prefix}model.model_config.model_hash'),
('checkpoint', 'seed', '{prefix}trainer.seed.seed'),
('checkpoint', 'serial', '{prefix}fitting.checkpoint.serial'),
('checkpoint', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('epoch', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('epoch', 'epoch', '{prefix}fitting.epoch.epoch'),
('epoch', 'model_hash', '{prefix}model.model_config.model_hash'),
('epoch', 'seed', '{prefix}trainer.seed.seed'),
('epoch', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash');;
CREATE TABLE `{prefix}fleet`.`attempt` (
  `table_name` varchar(64) NOT NULL COMMENT ':varchar(64):',
  `key_hash` char(32) NOT NULL COMMENT ':char(32):',
  `ended` datetime(3) NOT NULL COMMENT ':datetime(3):',
  `host` varchar(255) NOT NULL COMMENT ':varchar(255):',
  `pid` int NOT NULL COMMENT ':int32:',
  `reason` varchar(1000) NOT NULL COMMENT ':varchar(1000):',
  PRIMARY KEY (`table_name`,`key_hash`,`ended`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='failed try at a key';;
CREATE TABLE `{prefix}fleet`.`lease` (
  `token` char(32) NOT NULL COMMENT ':char(32):',
  `worker_id` char(32) NOT NULL,
  `table_name` varchar(64) NOT NULL COMMENT ':varchar(64):',
  `key_hash` char(32) NOT NULL COMMENT ':char(32):',
  `held_key` json NOT NULL COMMENT ':json:',
  `job_table` varchar(160) NOT NULL COMMENT ':varchar(160):DataJoint''s queue that the key is in, quoted',
  `since` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `recall` enum('','stop','hand_back') NOT NULL DEFAULT '' COMMENT ':enum('''', ''stop'', ''hand_back''):set it to end the fit: key set aside, or pending again',
  PRIMARY KEY (`token`),
  UNIQUE KEY `table_name` (`table_name`,`key_hash`),
  KEY `worker_id` (`worker_id`),
  CONSTRAINT `lease_ibfk_1` FOREIGN KEY (`worker_id`) REFERENCES `{prefix}fleet`.`worker` (`worker_id`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='held key';;
CREATE TABLE `{prefix}fleet`.`standing_order` (
  `host` varchar(255) NOT NULL DEFAULT '*' COMMENT ':varchar(255):whom it is for, ''*'' for all',
  `table_name` varchar(64) NOT NULL DEFAULT '*' COMMENT ':varchar(64):the table it is about, ''*'' for all',
  `action` enum('pause','drain') NOT NULL COMMENT ':enum(''pause'', ''drain''):pause: take no new key; drain: end after the key in hand',
  `given` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  PRIMARY KEY (`host`,`table_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='standing order to workers';;
INSERT INTO `{prefix}fleet`.`standing_order` (`host`, `table_name`, `action`, `given`) VALUES
('gpu3', 'MEI', 'pause', '2026-11-26 07:00:02.216000');;
CREATE TABLE `{prefix}fleet`.`worker` (
  `worker_id` char(32) NOT NULL COMMENT ':char(32):',
  `host` varchar(255) NOT NULL COMMENT ':varchar(255):',
  `pid` int NOT NULL COMMENT ':int32:',
  `device` varchar(64) NOT NULL COMMENT ':varchar(64):',
  `state` enum('working','ended','died','lost') NOT NULL COMMENT ':enum(''working'', ''ended'', ''died'', ''lost''):died: seen by its heartbeat; lost: its leases have expired',
  `started` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `heartbeat` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `expires` datetime(3) NOT NULL COMMENT ':datetime(3):when its leases do, unless a heartbeat comes before',
  `beating_since` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):heartbeats came without a gap since then',
  `doing` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):how far it is with the key in hand',
  PRIMARY KEY (`worker_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='worker process';;
INSERT INTO `{prefix}fleet`.`worker` (`worker_id`, `host`, `pid`, `device`, `state`, `started`, `heartbeat`, `expires`, `beating_since`, `doing`) VALUES
('d1d8dd394bfd480bb01bb812389f0063', 'vm', 20336, 'cpu', 'ended', '2026-11-26 06:59:56.776000', '2026-11-26 07:00:01.860000', '2026-11-26 07:01:01.860000', '2026-11-26 06:59:56.777000', '');;
CREATE TABLE `{prefix}fleet`.`~lineage` (
  `table_name` varchar(64) NOT NULL COMMENT 'table name within the schema',
  `attribute_name` varchar(64) NOT NULL COMMENT 'attribute name',
  `lineage` varchar(255) NOT NULL COMMENT 'origin: schema.table.attribute',
  PRIMARY KEY (`table_name`,`attribute_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}fleet`.`~lineage` (`table_name`, `attribute_name`, `lineage`) VALUES
('attempt', 'ended', '{prefix}fleet.attempt.ended'),
('attempt', 'key_hash', '{prefix}fleet.attempt.key_hash'),
('attempt', 'table_name', '{prefix}fleet.attempt.table_name'),
('lease', 'token', '{prefix}fleet.lease.token'),
('lease', 'worker_id', '{prefix}fleet.worker.worker_id'),
('standing_order', 'host', '{prefix}fleet.standing_order.host'),
('standing_order', 'table_name', '{prefix}fleet.standing_order.table_name'),
('worker', 'worker_id', '{prefix}fleet.worker.worker_id');;
CREATE TABLE `{prefix}mei`.`__m_e_i` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  `mei_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `stimuli` int NOT NULL COMMENT ':int32:',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`,`mei_hash`),
  KEY `mei_hash` (`mei_hash`),
  CONSTRAINT `__m_e_i_ibfk_1` FOREIGN KEY (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) REFERENCES `{prefix}evaluation`.`__score` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__m_e_i_ibfk_2` FOREIGN KEY (`mei_hash`) REFERENCES `{prefix}mei`.`m_e_i_config` (`mei_hash`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='MEIs of a fitted model';;
INSERT INTO `{prefix}mei`.`__m_e_i` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mei_hash`, `stimuli`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 4),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 4);;
CREATE TABLE `{prefix}mei`.`__m_e_i__stimulus` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  `mei_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `unit` int NOT NULL,
  `opto_condition` varchar(16) NOT NULL,
  `mei_seed` int NOT NULL COMMENT ':int32:',
  `stimulus` json NOT NULL COMMENT ':<npy@main>:(time, height, width), in standard deviations of the training movies'' grey level',
  `activation` double NOT NULL COMMENT ':float64:what was maximised',
  `intact_hz` double NOT NULL COMMENT ':float64:mean rate over the scored window, light off',
  `suppressed_hz` double NOT NULL COMMENT ':float64:the same, light on',
  `norm` double NOT NULL COMMENT ':float64:L2 norm of the stimulus',
  `lowest` double NOT NULL COMMENT ':float64:darkest value',
  `highest` double NOT NULL COMMENT ':float64:brightest value',
  `steps` int NOT NULL COMMENT ':int32:',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`,`mei_hash`,`mouse`,`series`,`experiment`,`unit`,`opto_condition`,`mei_seed`),
  KEY `dataset_hash` (`dataset_hash`,`mouse`,`series`,`experiment`,`unit`),
  KEY `opto_condition` (`opto_condition`),
  CONSTRAINT `__m_e_i__stimulus_ibfk_1` FOREIGN KEY (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mei_hash`) REFERENCES `{prefix}mei`.`__m_e_i` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mei_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__m_e_i__stimulus_ibfk_2` FOREIGN KEY (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) REFERENCES `{prefix}dataset`.`__dataset__unit` (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__m_e_i__stimulus_ibfk_3` FOREIGN KEY (`opto_condition`) REFERENCES `{prefix}optogenetics`.`#opto_condition` (`opto_condition`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}mei`.`__m_e_i__stimulus` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mei_hash`, `mouse`, `series`, `experiment`, `unit`, `opto_condition`, `mei_seed`, `stimulus`, `activation`, `intact_hz`, `suppressed_hz`, `norm`, `lowest`, `highest`, `steps`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'intact', 0, '{\"path\": \"_schema/{prefix}mei/__m_e_i__stimulus/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/model_hash=6b245e4a3a592867f8b40f018d0f3fdb/trainer_hash=f418b1a92418cf1fd3a4de4aaef631bf/seed=0/mei_hash=ee6dd239ef55506a3d0960908ceb39bf/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/opto_condition=intact/mei_seed=0/stimulus_XhFjSG1V.npy\", \"dtype\": \"float32\", \"shape\": [40, 18, 32], \"store\": \"main\"}', 1.438276767730713e0, 86.29660606384277e0, 86.29660606384277e0, 22.76839828491211e0, -2.925398349761963e0, 1.7942860126495361e0, 5),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'intact', 1, '{\"path\": \"_schema/{prefix}mei/__m_e_i__stimulus/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/model_hash=6b245e4a3a592867f8b40f018d0f3fdb/trainer_hash=f418b1a92418cf1fd3a4de4aaef631bf/seed=0/mei_hash=ee6dd239ef55506a3d0960908ceb39bf/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/opto_condition=intact/mei_seed=1/stimulus_3tt-tmOy.npy\", \"dtype\": \"float32\", \"shape\": [40, 18, 32], \"store\": \"main\"}', 1.4410032033920288e0, 86.46018505096436e0, 86.46018505096436e0, 22.768400192260742e0, -2.925398349761963e0, 1.7695850133895874e0, 5),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'suppressed', 0, '{\"path\": \"_schema/{prefix}mei/__m_e_i__stimulus/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/model_hash=6b245e4a3a592867f8b40f018d0f3fdb/trainer_hash=f418b1a92418cf1fd3a4de4aaef631bf/seed=0/mei_hash=ee6dd239ef55506a3d0960908ceb39bf/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/opto_condition=suppressed/mei_seed=0/stimulus_aZlFPdV0.npy\", \"dtype\": \"float32\", \"shape\": [40, 18, 32], \"store\": \"main\"}', 1.438276767730713e0, 86.29660606384277e0, 86.29660606384277e0, 22.76839828491211e0, -2.925398349761963e0, 1.7942860126495361e0, 5),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'suppressed', 1, '{\"path\": \"_schema/{prefix}mei/__m_e_i__stimulus/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/model_hash=6b245e4a3a592867f8b40f018d0f3fdb/trainer_hash=f418b1a92418cf1fd3a4de4aaef631bf/seed=0/mei_hash=ee6dd239ef55506a3d0960908ceb39bf/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/opto_condition=suppressed/mei_seed=1/stimulus_lwqZlXpS.npy\", \"dtype\": \"float32\", \"shape\": [40, 18, 32], \"store\": \"main\"}', 1.4410032033920288e0, 86.46018505096436e0, 86.46018505096436e0, 22.768400192260742e0, -2.925398349761963e0, 1.7695850133895874e0, 5),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'intact', 0, '{\"path\": \"_schema/{prefix}mei/__m_e_i__stimulus/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/model_hash=6b245e4a3a592867f8b40f018d0f3fdb/trainer_hash=f418b1a92418cf1fd3a4de4aaef631bf/seed=1/mei_hash=ee6dd239ef55506a3d0960908ceb39bf/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/opto_condition=intact/mei_seed=0/stimulus_n8Gx-9n8.npy\", \"dtype\": \"float32\", \"shape\": [40, 18, 32], \"store\": \"main\"}', 0.313569575548172e0, 18.814172744750977e0, 18.814172744750977e0, 22.76839828491211e0, -2.1819467544555664e0, 3.0297775268554688e0, 5),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'intact', 1, '{\"path\": \"_schema/{prefix}mei/__m_e_i__stimulus/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/model_hash=6b245e4a3a592867f8b40f018d0f3fdb/trainer_hash=f418b1a92418cf1fd3a4de4aaef631bf/seed=1/mei_hash=ee6dd239ef55506a3d0960908ceb39bf/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/opto_condition=intact/mei_seed=1/stimulus_YASLp1E1.npy\", \"dtype\": \"float32\", \"shape\": [40, 18, 32], \"store\": \"main\"}', 0.31427037715911865e0, 18.856220841407776e0, 18.856220841407776e0, 22.76839828491211e0, -2.1476385593414307e0, 2.957801342010498e0, 5),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'suppressed', 0, '{\"path\": \"_schema/{prefix}mei/__m_e_i__stimulus/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/model_hash=6b245e4a3a592867f8b40f018d0f3fdb/trainer_hash=f418b1a92418cf1fd3a4de4aaef631bf/seed=1/mei_hash=ee6dd239ef55506a3d0960908ceb39bf/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/opto_condition=suppressed/mei_seed=0/stimulus_cjcGpAZj.npy\", \"dtype\": \"float32\", \"shape\": [40, 18, 32], \"store\": \"main\"}', 0.313569575548172e0, 18.814172744750977e0, 18.814172744750977e0, 22.76839828491211e0, -2.1819467544555664e0, 3.0297775268554688e0, 5),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'suppressed', 1, '{\"path\": \"_schema/{prefix}mei/__m_e_i__stimulus/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/model_hash=6b245e4a3a592867f8b40f018d0f3fdb/trainer_hash=f418b1a92418cf1fd3a4de4aaef631bf/seed=1/mei_hash=ee6dd239ef55506a3d0960908ceb39bf/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/opto_condition=suppressed/mei_seed=1/stimulus_oMMP_VQ9.npy\", \"dtype\": \"float32\", \"shape\": [40, 18, 32], \"store\": \"main\"}', 0.31427037715911865e0, 18.856220841407776e0, 18.856220841407776e0, 22.76839828491211e0, -2.1476385593414307e0, 2.957801342010498e0, 5);;
CREATE TABLE `{prefix}mei`.`m_e_i_config` (
  `mei_hash` char(32) NOT NULL COMMENT ':char(32):sha256 of function and config, first 128 bits',
  `mei_fn` varchar(128) NOT NULL COMMENT ':varchar(128):registered name, or import path of an allowed package',
  `mei_config` json NOT NULL COMMENT ':json:its arguments',
  `mei_comment` varchar(256) NOT NULL DEFAULT '' COMMENT ':varchar(256):',
  PRIMARY KEY (`mei_hash`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='MEI method and its arguments';;
INSERT INTO `{prefix}mei`.`m_e_i_config` (`mei_hash`, `mei_fn`, `mei_config`, `mei_comment`) VALUES
('ee6dd239ef55506a3d0960908ceb39bf', 'gradient_ascent', '{\"seeds\": [0, 1], \"steps\": 5, \"units\": [1]}', '');;
CREATE TABLE `{prefix}mei`.`m_e_i_config__leaf` (
  `mei_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `path` varchar(180) NOT NULL COMMENT ':varchar(180):where it stands, as core.channels.0',
  `kind` enum('null','bool','int','float','str','list','dict') NOT NULL COMMENT ':enum(''null'', ''bool'', ''int'', ''float'', ''str'', ''list'', ''dict''):',
  `value` varchar(2000) NOT NULL COMMENT ':varchar(2000):its JSON text',
  `number` double DEFAULT NULL COMMENT ':float64:its value where it is a number or a bool',
  PRIMARY KEY (`mei_hash`,`path`),
  CONSTRAINT `m_e_i_config__leaf_ibfk_1` FOREIGN KEY (`mei_hash`) REFERENCES `{prefix}mei`.`m_e_i_config` (`mei_hash`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='one value of the config, for queries';;
INSERT INTO `{prefix}mei`.`m_e_i_config__leaf` (`mei_hash`, `path`, `kind`, `value`, `number`) VALUES
('ee6dd239ef55506a3d0960908ceb39bf', 'seeds.0', 'int', '0', 0.0e0),
('ee6dd239ef55506a3d0960908ceb39bf', 'seeds.1', 'int', '1', 1.0e0),
('ee6dd239ef55506a3d0960908ceb39bf', 'steps', 'int', '5', 5.0e0),
('ee6dd239ef55506a3d0960908ceb39bf', 'units.0', 'int', '1', 1.0e0);;
CREATE TABLE `{prefix}mei`.`m_e_i_plan` (
  `experiment_name` varchar(64) NOT NULL,
  `mei_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  PRIMARY KEY (`experiment_name`,`mei_hash`),
  KEY `mei_hash` (`mei_hash`),
  CONSTRAINT `m_e_i_plan_ibfk_1` FOREIGN KEY (`experiment_name`) REFERENCES `{prefix}experiment`.`experiment` (`experiment_name`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `m_e_i_plan_ibfk_2` FOREIGN KEY (`mei_hash`) REFERENCES `{prefix}mei`.`m_e_i_config` (`mei_hash`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='MEIs of an experiment';;
INSERT INTO `{prefix}mei`.`m_e_i_plan` (`experiment_name`, `mei_hash`) VALUES
('old', 'ee6dd239ef55506a3d0960908ceb39bf');;
CREATE TABLE `{prefix}mei`.`~lineage` (
  `table_name` varchar(64) NOT NULL COMMENT 'table name within the schema',
  `attribute_name` varchar(64) NOT NULL COMMENT 'attribute name',
  `lineage` varchar(255) NOT NULL COMMENT 'origin: schema.table.attribute',
  PRIMARY KEY (`table_name`,`attribute_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}mei`.`~lineage` (`table_name`, `attribute_name`, `lineage`) VALUES
('__m_e_i', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__m_e_i', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
('__m_e_i', 'model_hash', '{prefix}model.model_config.model_hash'),
('__m_e_i', 'seed', '{prefix}trainer.seed.seed'),
('__m_e_i', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('__m_e_i__stimulus', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__m_e_i__stimulus', 'experiment', '{prefix}session.session.experiment'),
('__m_e_i__stimulus', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
('__m_e_i__stimulus', 'mei_seed', '{prefix}mei.__m_e_i__stimulus.mei_seed'),
('__m_e_i__stimulus', 'model_hash', '{prefix}model.model_config.model_hash'),
('__m_e_i__stimulus', 'mouse', '{prefix}session.mouse.mouse'),
('__m_e_i__stimulus', 'opto_condition', '{prefix}optogenetics.#opto_condition.opto_condition'),
('__m_e_i__stimulus', 'seed', '{prefix}trainer.seed.seed'),
('__m_e_i__stimulus', 'series', '{prefix}session.session.series'),
('__m_e_i__stimulus', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('__m_e_i__stimulus', 'unit', '{prefix}session.unit.unit'),
('~~m_e_i', 'dataset_hash', '{prefix}mei.~~m_e_i.dataset_hash'),
('~~m_e_i', 'mei_hash', '{prefix}mei.~~m_e_i.mei_hash'),
('~~m_e_i', 'model_hash', '{prefix}mei.~~m_e_i.model_hash'),
('~~m_e_i', 'seed', '{prefix}mei.~~m_e_i.seed'),
('~~m_e_i', 'trainer_hash', '{prefix}mei.~~m_e_i.trainer_hash'),
('m_e_i_config', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
('m_e_i_config__leaf', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
('m_e_i_config__leaf', 'path', '{prefix}mei.m_e_i_config__leaf.path'),
('m_e_i_plan', 'experiment_name', '{prefix}experiment.experiment.experiment_name'),
('m_e_i_plan', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash');;
CREATE TABLE `{prefix}mei`.`~~m_e_i` (
  `dataset_hash` char(32) NOT NULL COMMENT ':char(32):',
  `model_hash` char(32) NOT NULL COMMENT ':char(32):',
  `trainer_hash` char(32) NOT NULL COMMENT ':char(32):',
  `seed` bigint NOT NULL,
  `mei_hash` char(32) NOT NULL COMMENT ':char(32):',
  `status` enum('pending','reserved','success','error','ignore') NOT NULL COMMENT ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):',
  `priority` tinyint NOT NULL COMMENT ':int8:',
  `created_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `scheduled_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `reserved_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `completed_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `duration` double DEFAULT NULL COMMENT ':float64:',
  `error_message` varchar(2047) NOT NULL DEFAULT '' COMMENT ':varchar(2047):',
  `error_stack` longblob COMMENT ':<blob>:',
  `user` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `host` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `pid` int NOT NULL DEFAULT '0' COMMENT ':int32:',
  `connection_id` bigint NOT NULL DEFAULT '0' COMMENT ':int64:',
  `version` varchar(64) NOT NULL DEFAULT '' COMMENT ':varchar(64):',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`,`mei_hash`),
  KEY `status` (`status`,`priority`,`scheduled_time`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Job queue for `{prefix}mei`.`__m_e_i`';;
CREATE TABLE `{prefix}mei_contrast`.`__m_e_i_contrast` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  `mei_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `null_fits` int NOT NULL COMMENT ':int32:fits to shuffled labels of the light',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`,`mei_hash`),
  CONSTRAINT `__m_e_i_contrast_ibfk_1` FOREIGN KEY (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mei_hash`) REFERENCES `{prefix}mei`.`__m_e_i` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mei_hash`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='feedback contrast of the MEIs of a fitted model';;
INSERT INTO `{prefix}mei_contrast`.`__m_e_i_contrast` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mei_hash`, `null_fits`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 0);;
CREATE TABLE `{prefix}mei_contrast`.`__m_e_i_contrast__distance` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  `mei_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `unit` int NOT NULL,
  `view` varchar(16) NOT NULL COMMENT ':varchar(16):clip, spatial, temporal, spectral or extent',
  `distance` double NOT NULL COMMENT ':float64:mean over pairs of an intact and a suppressed MEI',
  `within` double DEFAULT NULL COMMENT ':float64:mean over pairs of random starts in one light',
  `null_kind` varchar(16) NOT NULL COMMENT ':varchar(16):shuffled or starts: what p refers to',
  `null_distance` double DEFAULT NULL COMMENT ':float64:the null''s mean',
  `effect` double DEFAULT NULL COMMENT ':float64:excess over the null, in its standard deviations',
  `p` double DEFAULT NULL COMMENT ':float64:',
  `q` double DEFAULT NULL COMMENT ':float64:false-discovery rate over the fit''s units (Benjamini and Hochberg 1995)',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`,`mei_hash`,`mouse`,`series`,`experiment`,`unit`,`view`),
  KEY `dataset_hash` (`dataset_hash`,`mouse`,`series`,`experiment`,`unit`),
  CONSTRAINT `__m_e_i_contrast__distance_ibfk_1` FOREIGN KEY (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mei_hash`) REFERENCES `{prefix}mei_contrast`.`__m_e_i_contrast` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mei_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__m_e_i_contrast__distance_ibfk_2` FOREIGN KEY (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) REFERENCES `{prefix}dataset`.`__dataset__unit` (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}mei_contrast`.`__m_e_i_contrast__distance` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mei_hash`, `mouse`, `series`, `experiment`, `unit`, `view`, `distance`, `within`, `null_kind`, `null_distance`, `effect`, `p`, `q`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'clip', 0.007412842048009571e0, 0.014825684096019032e0, 'starts', 0.009883789397346058e0, -0.7071067811865474e0, 1.0e0, 1.0e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'extent', 0.003011818100329078e0, 0.006023636200658156e0, 'starts', 0.004015757467105437e0, -0.7071067811865474e0, 1.0e0, 1.0e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'spatial', 0.00010529376334833529e0, 0.00021058752669667058e0, 'starts', 0.00014039168446444705e0, -0.7071067811865475e0, 1.0e0, 1.0e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'spectral', 0.0025724664176259293e0, 0.005144932835251748e0, 'starts', 0.003429955223501202e0, -0.7071067811865476e0, 1.0e0, 1.0e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'temporal', 9.468747213198236e-05, 0.00018937494426396473e0, 'starts', 0.00012624996284264314e0, -0.7071067811865472e0, 1.0e0, 1.0e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'clip', 0.0056490549525013145e0, 0.011298109905002574e0, 'starts', 0.007532073270001734e0, -0.7071067811865474e0, 1.0e0, 1.0e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'extent', 0.0039892184671800335e0, 0.007978436934360067e0, 'starts', 0.005318957956240045e0, -0.7071067811865475e0, 1.0e0, 1.0e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'spatial', 7.835597669059169e-05, 0.00015671195338118338e0, 'starts', 0.00010447463558745558e0, -0.7071067811865474e0, 1.0e0, 1.0e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'spectral', 0.0019032877495248346e0, 0.0038065754990493916e0, 'starts', 0.0025377169993663538e0, -0.7071067811865478e0, 1.0e0, 1.0e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'temporal', 0.00020199219656474865e0, 0.0004039843931294973e0, 'starts', 0.0002693229287529982e0, -0.7071067811865474e0, 1.0e0, 1.0e0);;
CREATE TABLE `{prefix}mei_contrast`.`__m_e_i_contrast__unit` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  `mei_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `unit` int NOT NULL,
  `starts` int NOT NULL COMMENT ':int32:of the light that has fewer',
  `intact_extent_px` double NOT NULL COMMENT ':float64:radius of the energy',
  `suppressed_extent_px` double NOT NULL COMMENT ':float64:',
  `intact_hz` double NOT NULL COMMENT ':float64:what the model says to the intact MEI with the light off',
  `suppressed_hz` double NOT NULL COMMENT ':float64:and to the suppressed one with the light on',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`,`mei_hash`,`mouse`,`series`,`experiment`,`unit`),
  KEY `dataset_hash` (`dataset_hash`,`mouse`,`series`,`experiment`,`unit`),
  CONSTRAINT `__m_e_i_contrast__unit_ibfk_1` FOREIGN KEY (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mei_hash`) REFERENCES `{prefix}mei_contrast`.`__m_e_i_contrast` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mei_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__m_e_i_contrast__unit_ibfk_2` FOREIGN KEY (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) REFERENCES `{prefix}dataset`.`__dataset__unit` (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}mei_contrast`.`__m_e_i_contrast__unit` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mei_hash`, `mouse`, `series`, `experiment`, `unit`, `starts`, `intact_extent_px`, `suppressed_extent_px`, `intact_hz`, `suppressed_hz`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 2, 2.656328424490412e0, 2.656328424490412e0, 86.37839555740356e0, 86.37839555740356e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 2, 2.74170350095305e0, 2.74170350095305e0, 18.835196793079376e0, 18.835196793079376e0);;
CREATE TABLE `{prefix}mei_contrast`.`~lineage` (
  `table_name` varchar(64) NOT NULL COMMENT 'table name within the schema',
  `attribute_name` varchar(64) NOT NULL COMMENT 'attribute name',
  `lineage` varchar(255) NOT NULL COMMENT 'origin: schema.table.attribute',
  PRIMARY KEY (`table_name`,`attribute_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}mei_contrast`.`~lineage` (`table_name`, `attribute_name`, `lineage`) VALUES
('__m_e_i_contrast', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__m_e_i_contrast', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
('__m_e_i_contrast', 'model_hash', '{prefix}model.model_config.model_hash'),
('__m_e_i_contrast', 'seed', '{prefix}trainer.seed.seed'),
('__m_e_i_contrast', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('__m_e_i_contrast__distance', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__m_e_i_contrast__distance', 'experiment', '{prefix}session.session.experiment'),
('__m_e_i_contrast__distance', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
('__m_e_i_contrast__distance', 'model_hash', '{prefix}model.model_config.model_hash'),
('__m_e_i_contrast__distance', 'mouse', '{prefix}session.mouse.mouse'),
('__m_e_i_contrast__distance', 'seed', '{prefix}trainer.seed.seed'),
('__m_e_i_contrast__distance', 'series', '{prefix}session.session.series'),
('__m_e_i_contrast__distance', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('__m_e_i_contrast__distance', 'unit', '{prefix}session.unit.unit'),
('__m_e_i_contrast__distance', 'view', '{prefix}mei_contrast.__m_e_i_contrast__distance.view'),
('__m_e_i_contrast__unit', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__m_e_i_contrast__unit', 'experiment', '{prefix}session.session.experiment'),
('__m_e_i_contrast__unit', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
('__m_e_i_contrast__unit', 'model_hash', '{prefix}model.model_config.model_hash'),
('__m_e_i_contrast__unit', 'mouse', '{prefix}session.mouse.mouse'),
('__m_e_i_contrast__unit', 'seed', '{prefix}trainer.seed.seed'),
('__m_e_i_contrast__unit', 'series', '{prefix}session.session.series'),
('__m_e_i_contrast__unit', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('__m_e_i_contrast__unit', 'unit', '{prefix}session.unit.unit'),
('~~m_e_i_contrast', 'dataset_hash', '{prefix}mei_contrast.~~m_e_i_contrast.dataset_hash'),
('~~m_e_i_contrast', 'mei_hash', '{prefix}mei_contrast.~~m_e_i_contrast.mei_hash'),
('~~m_e_i_contrast', 'model_hash', '{prefix}mei_contrast.~~m_e_i_contrast.model_hash'),
('~~m_e_i_contrast', 'seed', '{prefix}mei_contrast.~~m_e_i_contrast.seed'),
('~~m_e_i_contrast', 'trainer_hash', '{prefix}mei_contrast.~~m_e_i_contrast.trainer_hash');;
CREATE TABLE `{prefix}mei_contrast`.`~~m_e_i_contrast` (
  `dataset_hash` char(32) NOT NULL COMMENT ':char(32):',
  `model_hash` char(32) NOT NULL COMMENT ':char(32):',
  `trainer_hash` char(32) NOT NULL COMMENT ':char(32):',
  `seed` bigint NOT NULL,
  `mei_hash` char(32) NOT NULL COMMENT ':char(32):',
  `status` enum('pending','reserved','success','error','ignore') NOT NULL COMMENT ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):',
  `priority` tinyint NOT NULL COMMENT ':int8:',
  `created_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `scheduled_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `reserved_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `completed_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `duration` double DEFAULT NULL COMMENT ':float64:',
  `error_message` varchar(2047) NOT NULL DEFAULT '' COMMENT ':varchar(2047):',
  `error_stack` longblob COMMENT ':<blob>:',
  `user` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `host` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `pid` int NOT NULL DEFAULT '0' COMMENT ':int32:',
  `connection_id` bigint NOT NULL DEFAULT '0' COMMENT ':int64:',
  `version` varchar(64) NOT NULL DEFAULT '' COMMENT ':varchar(64):',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`,`mei_hash`),
  KEY `status` (`status`,`priority`,`scheduled_time`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Job queue for `{prefix}mei_contrast`.`__m_e_i_contrast`';;
CREATE TABLE `{prefix}mei_control`.`__m_e_i_control` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  `mei_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `judges` int NOT NULL COMMENT ':int32:fits that took no part in the synthesis',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`,`mei_hash`),
  CONSTRAINT `__m_e_i_control_ibfk_1` FOREIGN KEY (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mei_hash`) REFERENCES `{prefix}mei`.`__m_e_i` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mei_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__m_e_i_control_ibfk_2` FOREIGN KEY (`dataset_hash`) REFERENCES `{prefix}evaluation`.`__receptive_field` (`dataset_hash`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='controls of the MEIs of a fitted model';;
CREATE TABLE `{prefix}mei_control`.`__m_e_i_control__stimulus` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  `mei_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `unit` int NOT NULL,
  `opto_condition` varchar(16) NOT NULL,
  `control` varchar(16) NOT NULL COMMENT ':varchar(16):mei, natural, grating, linear_field, another_unit or phase_scrambled',
  `stimulus` json NOT NULL COMMENT ':<npy@main>:(time, height, width), in standard deviations of the training movies'' grey level',
  `parameters` json NOT NULL COMMENT ':json:of the best grating, number of the best clip, unit whose MEI it is',
  `norm` double NOT NULL COMMENT ':float64:L2 norm of the stimulus',
  `intact_hz` double NOT NULL COMMENT ':float64:mean rate over the scored window that the fitted model predicts, light off',
  `suppressed_hz` double NOT NULL COMMENT ':float64:the same, light on',
  `judged_intact_hz` double DEFAULT NULL COMMENT ':float64:mean of the judges',
  `judged_suppressed_hz` double DEFAULT NULL COMMENT ':float64:',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`,`mei_hash`,`mouse`,`series`,`experiment`,`unit`,`opto_condition`,`control`),
  KEY `dataset_hash` (`dataset_hash`,`mouse`,`series`,`experiment`,`unit`),
  KEY `opto_condition` (`opto_condition`),
  CONSTRAINT `__m_e_i_control__stimulus_ibfk_1` FOREIGN KEY (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mei_hash`) REFERENCES `{prefix}mei_control`.`__m_e_i_control` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `mei_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__m_e_i_control__stimulus_ibfk_2` FOREIGN KEY (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) REFERENCES `{prefix}dataset`.`__dataset__unit` (`dataset_hash`, `mouse`, `series`, `experiment`, `unit`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__m_e_i_control__stimulus_ibfk_3` FOREIGN KEY (`opto_condition`) REFERENCES `{prefix}optogenetics`.`#opto_condition` (`opto_condition`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
CREATE TABLE `{prefix}mei_control`.`~lineage` (
  `table_name` varchar(64) NOT NULL COMMENT 'table name within the schema',
  `attribute_name` varchar(64) NOT NULL COMMENT 'attribute name',
  `lineage` varchar(255) NOT NULL COMMENT 'origin: schema.table.attribute',
  PRIMARY KEY (`table_name`,`attribute_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}mei_control`.`~lineage` (`table_name`, `attribute_name`, `lineage`) VALUES
('__m_e_i_control', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__m_e_i_control', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
('__m_e_i_control', 'model_hash', '{prefix}model.model_config.model_hash'),
('__m_e_i_control', 'seed', '{prefix}trainer.seed.seed'),
('__m_e_i_control', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('__m_e_i_control__stimulus', 'control', '{prefix}mei_control.__m_e_i_control__stimulus.control'),
('__m_e_i_control__stimulus', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__m_e_i_control__stimulus', 'experiment', '{prefix}session.session.experiment'),
('__m_e_i_control__stimulus', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
('__m_e_i_control__stimulus', 'model_hash', '{prefix}model.model_config.model_hash'),
('__m_e_i_control__stimulus', 'mouse', '{prefix}session.mouse.mouse'),
('__m_e_i_control__stimulus', 'opto_condition', '{prefix}optogenetics.#opto_condition.opto_condition'),
('__m_e_i_control__stimulus', 'seed', '{prefix}trainer.seed.seed'),
('__m_e_i_control__stimulus', 'series', '{prefix}session.session.series'),
('__m_e_i_control__stimulus', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('__m_e_i_control__stimulus', 'unit', '{prefix}session.unit.unit'),
('~~m_e_i_control', 'dataset_hash', '{prefix}mei_control.~~m_e_i_control.dataset_hash'),
('~~m_e_i_control', 'mei_hash', '{prefix}mei_control.~~m_e_i_control.mei_hash'),
('~~m_e_i_control', 'model_hash', '{prefix}mei_control.~~m_e_i_control.model_hash'),
('~~m_e_i_control', 'seed', '{prefix}mei_control.~~m_e_i_control.seed'),
('~~m_e_i_control', 'trainer_hash', '{prefix}mei_control.~~m_e_i_control.trainer_hash');;
CREATE TABLE `{prefix}mei_control`.`~~m_e_i_control` (
  `dataset_hash` char(32) NOT NULL COMMENT ':char(32):',
  `model_hash` char(32) NOT NULL COMMENT ':char(32):',
  `trainer_hash` char(32) NOT NULL COMMENT ':char(32):',
  `seed` bigint NOT NULL,
  `mei_hash` char(32) NOT NULL COMMENT ':char(32):',
  `status` enum('pending','reserved','success','error','ignore') NOT NULL COMMENT ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):',
  `priority` tinyint NOT NULL COMMENT ':int8:',
  `created_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `scheduled_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `reserved_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `completed_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `duration` double DEFAULT NULL COMMENT ':float64:',
  `error_message` varchar(2047) NOT NULL DEFAULT '' COMMENT ':varchar(2047):',
  `error_stack` longblob COMMENT ':<blob>:',
  `user` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `host` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `pid` int NOT NULL DEFAULT '0' COMMENT ':int32:',
  `connection_id` bigint NOT NULL DEFAULT '0' COMMENT ':int64:',
  `version` varchar(64) NOT NULL DEFAULT '' COMMENT ':varchar(64):',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`,`mei_hash`),
  KEY `status` (`status`,`priority`,`scheduled_time`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Job queue for `{prefix}mei_control`.`__m_e_i_control`';;
CREATE TABLE `{prefix}model`.`model_config` (
  `model_hash` char(32) NOT NULL COMMENT ':char(32):sha256 of function and config, first 128 bits',
  `model_fn` varchar(128) NOT NULL COMMENT ':varchar(128):registered name, or import path of an allowed package',
  `model_config` json NOT NULL COMMENT ':json:its arguments',
  `model_comment` varchar(256) NOT NULL DEFAULT '' COMMENT ':varchar(256):',
  PRIMARY KEY (`model_hash`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='model function and its arguments';;
INSERT INTO `{prefix}model`.`model_config` (`model_hash`, `model_fn`, `model_config`, `model_comment`) VALUES
('6b245e4a3a592867f8b40f018d0f3fdb', 'encoder', '{\"core\": {\"name\": \"stacked_2d\", \"kernels\": [5], \"strides\": [3], \"channels\": [2]}, \"readout\": {\"name\": \"gaussian\"}}', '');;
CREATE TABLE `{prefix}model`.`model_config__leaf` (
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `path` varchar(180) NOT NULL COMMENT ':varchar(180):where it stands, as core.channels.0',
  `kind` enum('null','bool','int','float','str','list','dict') NOT NULL COMMENT ':enum(''null'', ''bool'', ''int'', ''float'', ''str'', ''list'', ''dict''):',
  `value` varchar(2000) NOT NULL COMMENT ':varchar(2000):its JSON text',
  `number` double DEFAULT NULL COMMENT ':float64:its value where it is a number or a bool',
  PRIMARY KEY (`model_hash`,`path`),
  CONSTRAINT `model_config__leaf_ibfk_1` FOREIGN KEY (`model_hash`) REFERENCES `{prefix}model`.`model_config` (`model_hash`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='one value of the config, for queries';;
INSERT INTO `{prefix}model`.`model_config__leaf` (`model_hash`, `path`, `kind`, `value`, `number`) VALUES
('6b245e4a3a592867f8b40f018d0f3fdb', 'core.channels.0', 'int', '2', 2.0e0),
('6b245e4a3a592867f8b40f018d0f3fdb', 'core.kernels.0', 'int', '5', 5.0e0),
('6b245e4a3a592867f8b40f018d0f3fdb', 'core.name', 'str', '\"stacked_2d\"', NULL),
('6b245e4a3a592867f8b40f018d0f3fdb', 'core.strides.0', 'int', '3', 3.0e0),
('6b245e4a3a592867f8b40f018d0f3fdb', 'readout.name', 'str', '\"gaussian\"', NULL);;
CREATE TABLE `{prefix}model`.`~lineage` (
  `table_name` varchar(64) NOT NULL COMMENT 'table name within the schema',
  `attribute_name` varchar(64) NOT NULL COMMENT 'attribute name',
  `lineage` varchar(255) NOT NULL COMMENT 'origin: schema.table.attribute',
  PRIMARY KEY (`table_name`,`attribute_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}model`.`~lineage` (`table_name`, `attribute_name`, `lineage`) VALUES
('model_config', 'model_hash', '{prefix}model.model_config.model_hash'),
('model_config__leaf', 'model_hash', '{prefix}model.model_config.model_hash'),
('model_config__leaf', 'path', '{prefix}model.model_config__leaf.path');;
CREATE TABLE `{prefix}optogenetics`.`#opto_condition` (
  `opto_condition` varchar(16) NOT NULL COMMENT ':varchar(16):',
  `opto_light` smallint NOT NULL COMMENT ':int16:0 off, 1 on',
  PRIMARY KEY (`opto_condition`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='state of the feedback';;
INSERT INTO `{prefix}optogenetics`.`#opto_condition` (`opto_condition`, `opto_light`) VALUES
('intact', 0),
('suppressed', 1);;
CREATE TABLE `{prefix}optogenetics`.`opto_epoch` (
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `opto_epoch` int NOT NULL COMMENT ':int32:',
  `on_s` double NOT NULL COMMENT ':float64:',
  `off_s` double NOT NULL COMMENT ':float64:',
  `opto_protocol` varchar(32) DEFAULT NULL,
  PRIMARY KEY (`mouse`,`series`,`experiment`,`opto_epoch`),
  KEY `opto_protocol` (`opto_protocol`),
  CONSTRAINT `opto_epoch_ibfk_1` FOREIGN KEY (`mouse`, `series`, `experiment`) REFERENCES `{prefix}session`.`session` (`mouse`, `series`, `experiment`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `opto_epoch_ibfk_2` FOREIGN KEY (`opto_protocol`) REFERENCES `{prefix}optogenetics`.`opto_protocol` (`opto_protocol`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='pulse of light';;
INSERT INTO `{prefix}optogenetics`.`opto_epoch` (`mouse`, `series`, `experiment`, `opto_epoch`, `on_s`, `off_s`, `opto_protocol`) VALUES
('Simulated_2026_0001', 1, 1, 0, 3.0060000000000002e0, 7.014e0, NULL),
('Simulated_2026_0001', 1, 1, 1, 10.02e0, 11.022e0, NULL),
('Simulated_2026_0001', 1, 1, 2, 12.024000000000001e0, 13.026e0, NULL),
('Simulated_2026_0001', 1, 1, 3, 14.028e0, 16.032e0, NULL);;
CREATE TABLE `{prefix}optogenetics`.`opto_protocol` (
  `opto_protocol` varchar(32) NOT NULL COMMENT ':varchar(32):',
  `wavelength_nm` float DEFAULT NULL COMMENT ':float32:',
  `power_mw` float DEFAULT NULL COMMENT ':float32:',
  `target` varchar(64) NOT NULL DEFAULT 'V1 layer 6' COMMENT ':varchar(64):',
  PRIMARY KEY (`opto_protocol`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='how the light was given';;
CREATE TABLE `{prefix}optogenetics`.`~lineage` (
  `table_name` varchar(64) NOT NULL COMMENT 'table name within the schema',
  `attribute_name` varchar(64) NOT NULL COMMENT 'attribute name',
  `lineage` varchar(255) NOT NULL COMMENT 'origin: schema.table.attribute',
  PRIMARY KEY (`table_name`,`attribute_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}optogenetics`.`~lineage` (`table_name`, `attribute_name`, `lineage`) VALUES
('#opto_condition', 'opto_condition', '{prefix}optogenetics.#opto_condition.opto_condition'),
('opto_epoch', 'experiment', '{prefix}session.session.experiment'),
('opto_epoch', 'mouse', '{prefix}session.mouse.mouse'),
('opto_epoch', 'opto_epoch', '{prefix}optogenetics.opto_epoch.opto_epoch'),
('opto_epoch', 'opto_protocol', '{prefix}optogenetics.opto_protocol.opto_protocol'),
('opto_epoch', 'series', '{prefix}session.session.series'),
('opto_protocol', 'opto_protocol', '{prefix}optogenetics.opto_protocol.opto_protocol');;
CREATE TABLE `{prefix}recording`.`_recording` (
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `units` int NOT NULL COMMENT ':int32:',
  `spikes` bigint NOT NULL COMMENT ':int64:',
  PRIMARY KEY (`mouse`,`series`,`experiment`),
  CONSTRAINT `_recording_ibfk_1` FOREIGN KEY (`mouse`, `series`, `experiment`) REFERENCES `{prefix}recording`.`raw_file` (`mouse`, `series`, `experiment`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='spikes and behaviour of a session';;
INSERT INTO `{prefix}recording`.`_recording` (`mouse`, `series`, `experiment`, `units`, `spikes`) VALUES
('Simulated_2026_0001', 1, 1, 2, 168);;
CREATE TABLE `{prefix}recording`.`_recording__binned` (
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `unit` int NOT NULL,
  `response_sum` double NOT NULL COMMENT ':float64:',
  `responses` json NOT NULL COMMENT ':<npy@main>:',
  PRIMARY KEY (`mouse`,`series`,`experiment`,`unit`),
  CONSTRAINT `_recording__binned_ibfk_1` FOREIGN KEY (`mouse`, `series`, `experiment`) REFERENCES `{prefix}recording`.`_recording` (`mouse`, `series`, `experiment`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `_recording__binned_ibfk_2` FOREIGN KEY (`mouse`, `series`, `experiment`, `unit`) REFERENCES `{prefix}session`.`unit` (`mouse`, `series`, `experiment`, `unit`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
CREATE TABLE `{prefix}recording`.`_recording__bins` (
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `bins_s` json NOT NULL COMMENT ':<npy@main>:(bin, start and stop)',
  PRIMARY KEY (`mouse`,`series`,`experiment`),
  CONSTRAINT `_recording__bins_ibfk_1` FOREIGN KEY (`mouse`, `series`, `experiment`) REFERENCES `{prefix}recording`.`_recording` (`mouse`, `series`, `experiment`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
CREATE TABLE `{prefix}recording`.`_recording__signal` (
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `signal` varchar(16) NOT NULL COMMENT ':varchar(16):running, pupil_size, pupil_x or pupil_y',
  `signal_times_s` json NOT NULL COMMENT ':<npy@main>:',
  `signal_values` json NOT NULL COMMENT ':<npy@main>:NaN where missing',
  PRIMARY KEY (`mouse`,`series`,`experiment`,`signal`),
  CONSTRAINT `_recording__signal_ibfk_1` FOREIGN KEY (`mouse`, `series`, `experiment`) REFERENCES `{prefix}recording`.`_recording` (`mouse`, `series`, `experiment`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}recording`.`_recording__signal` (`mouse`, `series`, `experiment`, `signal`, `signal_times_s`, `signal_values`) VALUES
('Simulated_2026_0001', 1, 1, 'pupil_size', '{\"path\": \"_schema/{prefix}recording/_recording__signal/mouse=Simulated_2026_0001/series=1/experiment=1/signal=pupil_size/signal_times_s_rd8OjOEp.npy\", \"dtype\": \"float64\", \"shape\": [540], \"store\": \"main\"}', '{\"path\": \"_schema/{prefix}recording/_recording__signal/mouse=Simulated_2026_0001/series=1/experiment=1/signal=pupil_size/signal_values_BVw6EecO.npy\", \"dtype\": \"float32\", \"shape\": [540], \"store\": \"main\"}'),
('Simulated_2026_0001', 1, 1, 'pupil_x', '{\"path\": \"_schema/{prefix}recording/_recording__signal/mouse=Simulated_2026_0001/series=1/experiment=1/signal=pupil_x/signal_times_s_XKFNM1HV.npy\", \"dtype\": \"float64\", \"shape\": [540], \"store\": \"main\"}', '{\"path\": \"_schema/{prefix}recording/_recording__signal/mouse=Simulated_2026_0001/series=1/experiment=1/signal=pupil_x/signal_values_kcrwbm7H.npy\", \"dtype\": \"float32\", \"shape\": [540], \"store\": \"main\"}'),
('Simulated_2026_0001', 1, 1, 'pupil_y', '{\"path\": \"_schema/{prefix}recording/_recording__signal/mouse=Simulated_2026_0001/series=1/experiment=1/signal=pupil_y/signal_times_s_AZ5yerrP.npy\", \"dtype\": \"float64\", \"shape\": [540], \"store\": \"main\"}', '{\"path\": \"_schema/{prefix}recording/_recording__signal/mouse=Simulated_2026_0001/series=1/experiment=1/signal=pupil_y/signal_values_YXjA2lhE.npy\", \"dtype\": \"float32\", \"shape\": [540], \"store\": \"main\"}'),
('Simulated_2026_0001', 1, 1, 'running', '{\"path\": \"_schema/{prefix}recording/_recording__signal/mouse=Simulated_2026_0001/series=1/experiment=1/signal=running/signal_times_s_qWZU62Em.npy\", \"dtype\": \"float64\", \"shape\": [540], \"store\": \"main\"}', '{\"path\": \"_schema/{prefix}recording/_recording__signal/mouse=Simulated_2026_0001/series=1/experiment=1/signal=running/signal_values_o_GYofoN.npy\", \"dtype\": \"float32\", \"shape\": [540], \"store\": \"main\"}');;
CREATE TABLE `{prefix}recording`.`_recording__spikes` (
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `unit` int NOT NULL,
  `spike_count` int NOT NULL COMMENT ':int32:',
  `spike_times_s` json NOT NULL COMMENT ':<npy@main>:',
  PRIMARY KEY (`mouse`,`series`,`experiment`,`unit`),
  CONSTRAINT `_recording__spikes_ibfk_1` FOREIGN KEY (`mouse`, `series`, `experiment`) REFERENCES `{prefix}recording`.`_recording` (`mouse`, `series`, `experiment`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `_recording__spikes_ibfk_2` FOREIGN KEY (`mouse`, `series`, `experiment`, `unit`) REFERENCES `{prefix}session`.`unit` (`mouse`, `series`, `experiment`, `unit`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}recording`.`_recording__spikes` (`mouse`, `series`, `experiment`, `unit`, `spike_count`, `spike_times_s`) VALUES
('Simulated_2026_0001', 1, 1, 1, 48, '{\"path\": \"_schema/{prefix}recording/_recording__spikes/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/spike_times_s_0BCjwLvN.npy\", \"dtype\": \"float64\", \"shape\": [48], \"store\": \"main\"}'),
('Simulated_2026_0001', 1, 1, 2, 120, '{\"path\": \"_schema/{prefix}recording/_recording__spikes/mouse=Simulated_2026_0001/series=1/experiment=1/unit=2/spike_times_s_ACuG4nyd.npy\", \"dtype\": \"float64\", \"shape\": [120], \"store\": \"main\"}');;
CREATE TABLE `{prefix}recording`.`raw_file` (
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `reader` varchar(32) NOT NULL COMMENT ':varchar(32):',
  `raw_path` varchar(512) NOT NULL COMMENT ':varchar(512):',
  `raw_sha256` char(64) NOT NULL COMMENT ':char(64):',
  `reader_options` json NOT NULL COMMENT ':json:',
  PRIMARY KEY (`mouse`,`series`,`experiment`),
  CONSTRAINT `raw_file_ibfk_1` FOREIGN KEY (`mouse`, `series`, `experiment`) REFERENCES `{prefix}session`.`session` (`mouse`, `series`, `experiment`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='raw file of a session';;
INSERT INTO `{prefix}recording`.`raw_file` (`mouse`, `series`, `experiment`, `reader`, `raw_path`, `raw_sha256`, `reader_options`) VALUES
('Simulated_2026_0001', 1, 1, 'lab', '/raw/session/responses.pkl', 'da182fd05fa1dbbdce23f270dc702e5d530aba31b351fa76c9dd523412c2ecf8', '{}');;
CREATE TABLE `{prefix}recording`.`~lineage` (
  `table_name` varchar(64) NOT NULL COMMENT 'table name within the schema',
  `attribute_name` varchar(64) NOT NULL COMMENT 'attribute name',
  `lineage` varchar(255) NOT NULL COMMENT 'origin: schema.table.attribute',
  PRIMARY KEY (`table_name`,`attribute_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}recording`.`~lineage` (`table_name`, `attribute_name`, `lineage`) VALUES
('_recording', 'experiment', '{prefix}session.session.experiment'),
('_recording', 'mouse', '{prefix}session.mouse.mouse'),
('_recording', 'series', '{prefix}session.session.series'),
('_recording__binned', 'experiment', '{prefix}session.session.experiment'),
('_recording__binned', 'mouse', '{prefix}session.mouse.mouse'),
('_recording__binned', 'series', '{prefix}session.session.series'),
('_recording__binned', 'unit', '{prefix}session.unit.unit'),
('_recording__bins', 'experiment', '{prefix}session.session.experiment'),
('_recording__bins', 'mouse', '{prefix}session.mouse.mouse'),
('_recording__bins', 'series', '{prefix}session.session.series'),
('_recording__signal', 'experiment', '{prefix}session.session.experiment'),
('_recording__signal', 'mouse', '{prefix}session.mouse.mouse'),
('_recording__signal', 'series', '{prefix}session.session.series'),
('_recording__signal', 'signal', '{prefix}recording._recording__signal.signal'),
('_recording__spikes', 'experiment', '{prefix}session.session.experiment'),
('_recording__spikes', 'mouse', '{prefix}session.mouse.mouse'),
('_recording__spikes', 'series', '{prefix}session.session.series'),
('_recording__spikes', 'unit', '{prefix}session.unit.unit'),
('~~recording', 'experiment', '{prefix}recording.~~recording.experiment'),
('~~recording', 'mouse', '{prefix}recording.~~recording.mouse'),
('~~recording', 'series', '{prefix}recording.~~recording.series'),
('raw_file', 'experiment', '{prefix}session.session.experiment'),
('raw_file', 'mouse', '{prefix}session.mouse.mouse'),
('raw_file', 'series', '{prefix}session.session.series');;
CREATE TABLE `{prefix}recording`.`~~recording` (
  `mouse` varchar(64) NOT NULL COMMENT ':varchar(64):',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `status` enum('pending','reserved','success','error','ignore') NOT NULL COMMENT ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):',
  `priority` tinyint NOT NULL COMMENT ':int8:',
  `created_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `scheduled_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `reserved_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `completed_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `duration` double DEFAULT NULL COMMENT ':float64:',
  `error_message` varchar(2047) NOT NULL DEFAULT '' COMMENT ':varchar(2047):',
  `error_stack` longblob COMMENT ':<blob>:',
  `user` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `host` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `pid` int NOT NULL DEFAULT '0' COMMENT ':int32:',
  `connection_id` bigint NOT NULL DEFAULT '0' COMMENT ':int64:',
  `version` varchar(64) NOT NULL DEFAULT '' COMMENT ':varchar(64):',
  PRIMARY KEY (`mouse`,`series`,`experiment`),
  KEY `status` (`status`,`priority`,`scheduled_time`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Job queue for `{prefix}recording`.`_recording`';;
CREATE TABLE `{prefix}search`.`pruned_trial` (
  `study_name` varchar(64) NOT NULL,
  `trial` int NOT NULL COMMENT 'from 0, in the order in which they were asked for',
  `pruned_epoch` int NOT NULL COMMENT ':int32:the last one that was run, from 0',
  PRIMARY KEY (`study_name`,`trial`),
  CONSTRAINT `pruned_trial_ibfk_1` FOREIGN KEY (`study_name`, `trial`) REFERENCES `{prefix}search`.`study__trial` (`study_name`, `trial`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='trial given up early';;
CREATE TABLE `{prefix}search`.`study` (
  `study_name` varchar(64) NOT NULL COMMENT ':varchar(64):',
  `study_config` json NOT NULL COMMENT ':json:calls of dataset, model and trainer with ranges and choices in them; seed; strategy',
  `study_hash` char(32) NOT NULL COMMENT ':char(32):',
  `study_comment` varchar(256) NOT NULL DEFAULT '' COMMENT ':varchar(256):',
  PRIMARY KEY (`study_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='search for the best config';;
CREATE TABLE `{prefix}search`.`study__trial` (
  `study_name` varchar(64) NOT NULL,
  `trial` int NOT NULL COMMENT ':int32:from 0, in the order in which they were asked for',
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  `trial_values` json NOT NULL COMMENT ':json:by path, as model.recurrent.channels',
  PRIMARY KEY (`study_name`,`trial`),
  KEY `dataset_hash` (`dataset_hash`),
  KEY `model_hash` (`model_hash`),
  KEY `trainer_hash` (`trainer_hash`),
  KEY `seed` (`seed`),
  CONSTRAINT `study__trial_ibfk_1` FOREIGN KEY (`study_name`) REFERENCES `{prefix}search`.`study` (`study_name`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `study__trial_ibfk_2` FOREIGN KEY (`dataset_hash`) REFERENCES `{prefix}dataset`.`dataset_config` (`dataset_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `study__trial_ibfk_3` FOREIGN KEY (`model_hash`) REFERENCES `{prefix}model`.`model_config` (`model_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `study__trial_ibfk_4` FOREIGN KEY (`trainer_hash`) REFERENCES `{prefix}trainer`.`trainer_config` (`trainer_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `study__trial_ibfk_5` FOREIGN KEY (`seed`) REFERENCES `{prefix}trainer`.`seed` (`seed`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
CREATE TABLE `{prefix}search`.`~lineage` (
  `table_name` varchar(64) NOT NULL COMMENT 'table name within the schema',
  `attribute_name` varchar(64) NOT NULL COMMENT 'attribute name',
  `lineage` varchar(255) NOT NULL COMMENT 'origin: schema.table.attribute',
  PRIMARY KEY (`table_name`,`attribute_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}search`.`~lineage` (`table_name`, `attribute_name`, `lineage`) VALUES
('pruned_trial', 'study_name', '{prefix}search.study.study_name'),
('pruned_trial', 'trial', '{prefix}search.study__trial.trial'),
('study', 'study_name', '{prefix}search.study.study_name'),
('study__trial', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('study__trial', 'model_hash', '{prefix}model.model_config.model_hash'),
('study__trial', 'seed', '{prefix}trainer.seed.seed'),
('study__trial', 'study_name', '{prefix}search.study.study_name'),
('study__trial', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('study__trial', 'trial', '{prefix}search.study__trial.trial');;
CREATE TABLE `{prefix}session`.`mouse` (
  `mouse` varchar(64) NOT NULL COMMENT ':varchar(64):the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `genotype` varchar(64) NOT NULL DEFAULT '' COMMENT ':varchar(64):',
  `opsin` varchar(64) NOT NULL DEFAULT '' COMMENT ':varchar(64):what makes layer 6 sensitive to light',
  `simulated` tinyint NOT NULL COMMENT ':bool:true: no animal, an in-silico dLGN',
  PRIMARY KEY (`mouse`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='animal';;
INSERT INTO `{prefix}session`.`mouse` (`mouse`, `genotype`, `opsin`, `simulated`) VALUES
('Simulated_2026_0001', '', '', 1);;
CREATE TABLE `{prefix}session`.`session` (
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL COMMENT ':int16:',
  `experiment` smallint NOT NULL COMMENT ':int16:',
  `session_name` varchar(96) NOT NULL COMMENT ':varchar(96):MOUSE_sSERIES_eEXPERIMENT',
  `session_date` date DEFAULT NULL COMMENT ':date:',
  PRIMARY KEY (`mouse`,`series`,`experiment`),
  UNIQUE KEY `session_name` (`session_name`),
  CONSTRAINT `session_ibfk_1` FOREIGN KEY (`mouse`) REFERENCES `{prefix}session`.`mouse` (`mouse`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='recording session';;
INSERT INTO `{prefix}session`.`session` (`mouse`, `series`, `experiment`, `session_name`, `session_date`) VALUES
('Simulated_2026_0001', 1, 1, 'Simulated_2026_0001_s01_e01', NULL);;
CREATE TABLE `{prefix}session`.`unit` (
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `unit` int NOT NULL COMMENT ':int32:',
  `brain_area` varchar(32) NOT NULL DEFAULT 'dLGN' COMMENT ':varchar(32):',
  `quality` float DEFAULT NULL COMMENT ':float32:the sorter''s measure, where the lab has one',
  PRIMARY KEY (`mouse`,`series`,`experiment`,`unit`),
  CONSTRAINT `unit_ibfk_1` FOREIGN KEY (`mouse`, `series`, `experiment`) REFERENCES `{prefix}session`.`session` (`mouse`, `series`, `experiment`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='spike-sorted unit';;
INSERT INTO `{prefix}session`.`unit` (`mouse`, `series`, `experiment`, `unit`, `brain_area`, `quality`) VALUES
('Simulated_2026_0001', 1, 1, 1, 'dLGN', NULL),
('Simulated_2026_0001', 1, 1, 2, 'dLGN', NULL);;
CREATE TABLE `{prefix}session`.`~lineage` (
  `table_name` varchar(64) NOT NULL COMMENT 'table name within the schema',
  `attribute_name` varchar(64) NOT NULL COMMENT 'attribute name',
  `lineage` varchar(255) NOT NULL COMMENT 'origin: schema.table.attribute',
  PRIMARY KEY (`table_name`,`attribute_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}session`.`~lineage` (`table_name`, `attribute_name`, `lineage`) VALUES
('mouse', 'mouse', '{prefix}session.mouse.mouse'),
('session', 'experiment', '{prefix}session.session.experiment'),
('session', 'mouse', '{prefix}session.mouse.mouse'),
('session', 'series', '{prefix}session.session.series'),
('unit', 'experiment', '{prefix}session.session.experiment'),
('unit', 'mouse', '{prefix}session.mouse.mouse'),
('unit', 'series', '{prefix}session.session.series'),
('unit', 'unit', '{prefix}session.unit.unit');;
CREATE TABLE `{prefix}stimulus`.`frame_onsets` (
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `trial` int NOT NULL COMMENT 'from 0, in order of onset',
  `frame_onsets_s` json NOT NULL COMMENT ':<npy@main>:NaN for a frame that the screen dropped',
  PRIMARY KEY (`mouse`,`series`,`experiment`,`trial`),
  CONSTRAINT `frame_onsets_ibfk_1` FOREIGN KEY (`mouse`, `series`, `experiment`, `trial`) REFERENCES `{prefix}stimulus`.`presentation` (`mouse`, `series`, `experiment`, `trial`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='measured onsets of frames';;
CREATE TABLE `{prefix}stimulus`.`movie` (
  `movie` varchar(96) NOT NULL COMMENT ':varchar(96):',
  PRIMARY KEY (`movie`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='movie';;
INSERT INTO `{prefix}stimulus`.`movie` (`movie`) VALUES
('Simulated_2026_0001_s01_e01');;
CREATE TABLE `{prefix}stimulus`.`presentation` (
  `mouse` varchar(64) NOT NULL COMMENT 'the lab''s name of it, such as Ntsr1Cre_2019_0007',
  `series` smallint NOT NULL,
  `experiment` smallint NOT NULL,
  `trial` int NOT NULL COMMENT ':int32:from 0, in order of onset',
  `movie` varchar(96) NOT NULL,
  `scene` int NOT NULL COMMENT 'from 0, as the lab''s scene_id',
  `onset_s` double NOT NULL COMMENT ':float64:',
  `offset_s` double NOT NULL COMMENT ':float64:',
  `designated_tier` enum('train','test') NOT NULL COMMENT ':enum(''train'', ''test''):what the lab meant it for',
  PRIMARY KEY (`mouse`,`series`,`experiment`,`trial`),
  KEY `movie` (`movie`,`scene`),
  CONSTRAINT `presentation_ibfk_1` FOREIGN KEY (`mouse`, `series`, `experiment`) REFERENCES `{prefix}session`.`session` (`mouse`, `series`, `experiment`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `presentation_ibfk_2` FOREIGN KEY (`movie`, `scene`) REFERENCES `{prefix}stimulus`.`scene` (`movie`, `scene`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='showing of a scene';;
INSERT INTO `{prefix}stimulus`.`presentation` (`mouse`, `series`, `experiment`, `trial`, `movie`, `scene`, `onset_s`, `offset_s`, `designated_tier`) VALUES
('Simulated_2026_0001', 1, 1, 0, 'Simulated_2026_0001_s01_e01', 4, 2.0e0, 2.9986e0, 'train'),
('Simulated_2026_0001', 1, 1, 1, 'Simulated_2026_0001_s01_e01', 3, 3.4986e0, 4.4972e0, 'train'),
('Simulated_2026_0001', 1, 1, 2, 'Simulated_2026_0001_s01_e01', 6, 4.9972e0, 5.9958e0, 'test'),
('Simulated_2026_0001', 1, 1, 3, 'Simulated_2026_0001_s01_e01', 8, 6.4958e0, 7.4944e0, 'test'),
('Simulated_2026_0001', 1, 1, 4, 'Simulated_2026_0001_s01_e01', 7, 7.9944e0, 8.993e0, 'test'),
('Simulated_2026_0001', 1, 1, 5, 'Simulated_2026_0001_s01_e01', 0, 9.493e0, 10.4916e0, 'train'),
('Simulated_2026_0001', 1, 1, 6, 'Simulated_2026_0001_s01_e01', 1, 10.9916e0, 11.9902e0, 'train'),
('Simulated_2026_0001', 1, 1, 7, 'Simulated_2026_0001_s01_e01', 5, 12.4902e0, 13.4888e0, 'train'),
('Simulated_2026_0001', 1, 1, 8, 'Simulated_2026_0001_s01_e01', 2, 13.9888e0, 14.9874e0, 'train');;
CREATE TABLE `{prefix}stimulus`.`scene` (
  `movie` varchar(96) NOT NULL,
  `scene` int NOT NULL COMMENT ':int32:from 0, as the lab''s scene_id',
  `scene_path` varchar(512) NOT NULL COMMENT ':varchar(512):',
  `scene_part` varchar(128) NOT NULL DEFAULT '' COMMENT ':varchar(128):where in that file; empty for a video file of its own',
  `scene_sha256` char(64) NOT NULL COMMENT ':char(64):',
  `scene_frames` int NOT NULL COMMENT ':int32:',
  `scene_rate_hz` double NOT NULL COMMENT ':float64:',
  `width_px` int NOT NULL COMMENT ':int32:',
  `height_px` int NOT NULL COMMENT ':int32:',
  PRIMARY KEY (`movie`,`scene`),
  CONSTRAINT `scene_ibfk_1` FOREIGN KEY (`movie`) REFERENCES `{prefix}stimulus`.`movie` (`movie`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='clip of a movie';;
INSERT INTO `{prefix}stimulus`.`scene` (`movie`, `scene`, `scene_path`, `scene_part`, `scene_sha256`, `scene_frames`, `scene_rate_hz`, `width_px`, `height_px`) VALUES
('Simulated_2026_0001_s01_e01', 0, '/raw/session/scenes/hmovTrain_v3_106x66_scene-001.avi', '', 'd4827f84ea358182d605840760166f4b5fb4c8be78b5a2e152e6ed4d24097d4c', 30, 30.0e0, 106, 66),
('Simulated_2026_0001_s01_e01', 1, '/raw/session/scenes/hmovTrain_v3_106x66_scene-002.avi', '', '237944dd4d2ab35d6c34503a58e2c0befedd6780787dfe86117d8ab14e3c2607', 30, 30.0e0, 106, 66),
('Simulated_2026_0001_s01_e01', 2, '/raw/session/scenes/hmovTrain_v3_106x66_scene-003.avi', '', '87b7629654cca84ccc43bda4101140d875f7ac34310d884afd55d04a72e9ba79', 30, 30.0e0, 106, 66),
('Simulated_2026_0001_s01_e01', 3, '/raw/session/scenes/hmovTrain_v3_106x66_scene-004.avi', '', '17a51c2cd7a01177c41d5d6b4576d8ea99c9414dbb96451d0f3704465434abc0', 30, 30.0e0, 106, 66),
('Simulated_2026_0001_s01_e01', 4, '/raw/session/scenes/hmovTrain_v3_106x66_scene-005.avi', '', 'f995704cca8d4372edfbebf3fbe910298d5604d238cae22b4c0810705c025a9a', 30, 30.0e0, 106, 66),
('Simulated_2026_0001_s01_e01', 5, '/raw/session/scenes/hmovTrain_v3_106x66_scene-006.avi', '', '415fbebcc44a2861de324e93fdef5c50918b979244cc5e72caf2a3d55e4f6ac3', 30, 30.0e0, 106, 66),
('Simulated_2026_0001_s01_e01', 6, '/raw/session/scenes/hmovTrain_v3_106x66_scene-007.avi', '', 'c20ec2a8f14dcb50b0bc7df453298ca5c07e60354e81234882e14a609f237706', 30, 30.0e0, 106, 66),
('Simulated_2026_0001_s01_e01', 7, '/raw/session/scenes/hmovTrain_v3_106x66_scene-008.avi', '', 'ba1e8e14d4b2dcbe8ea695e1867868496836fb305e9d1b3ba0b8296ad5dcccdc', 30, 30.0e0, 106, 66),
('Simulated_2026_0001_s01_e01', 8, '/raw/session/scenes/hmovTrain_v3_106x66_scene-009.avi', '', '397b088520baad5ca11f6b761889227c41df789729c35d59d25ea1bec88d8f29', 30, 30.0e0, 106, 66);;
CREATE TABLE `{prefix}stimulus`.`~lineage` (
  `table_name` varchar(64) NOT NULL COMMENT 'table name within the schema',
  `attribute_name` varchar(64) NOT NULL COMMENT 'attribute name',
  `lineage` varchar(255) NOT NULL COMMENT 'origin: schema.table.attribute',
  PRIMARY KEY (`table_name`,`attribute_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}stimulus`.`~lineage` (`table_name`, `attribute_name`, `lineage`) VALUES
('frame_onsets', 'experiment', '{prefix}session.session.experiment'),
('frame_onsets', 'mouse', '{prefix}session.mouse.mouse'),
('frame_onsets', 'series', '{prefix}session.session.series'),
('frame_onsets', 'trial', '{prefix}stimulus.presentation.trial'),
('movie', 'movie', '{prefix}stimulus.movie.movie'),
('presentation', 'experiment', '{prefix}session.session.experiment'),
('presentation', 'mouse', '{prefix}session.mouse.mouse'),
('presentation', 'movie', '{prefix}stimulus.movie.movie'),
('presentation', 'scene', '{prefix}stimulus.scene.scene'),
('presentation', 'series', '{prefix}session.session.series'),
('presentation', 'trial', '{prefix}stimulus.presentation.trial'),
('scene', 'movie', '{prefix}stimulus.movie.movie'),
('scene', 'scene', '{prefix}stimulus.scene.scene');;
CREATE TABLE `{prefix}trainer`.`seed` (
  `seed` bigint NOT NULL COMMENT ':int64:',
  PRIMARY KEY (`seed`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='random seed of a fit';;
INSERT INTO `{prefix}trainer`.`seed` (`seed`) VALUES
(0),
(1);;
CREATE TABLE `{prefix}trainer`.`trainer_config` (
  `trainer_hash` char(32) NOT NULL COMMENT ':char(32):sha256 of function and config, first 128 bits',
  `trainer_fn` varchar(128) NOT NULL COMMENT ':varchar(128):registered name, or import path of an allowed package',
  `trainer_config` json NOT NULL COMMENT ':json:its arguments',
  `trainer_comment` varchar(256) NOT NULL DEFAULT '' COMMENT ':varchar(256):',
  PRIMARY KEY (`trainer_hash`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='trainer function and its arguments';;
INSERT INTO `{prefix}trainer`.`trainer_config` (`trainer_hash`, `trainer_fn`, `trainer_config`, `trainer_comment`) VALUES
('f418b1a92418cf1fd3a4de4aaef631bf', 'standard', '{\"max_epochs\": 1}', '');;
CREATE TABLE `{prefix}trainer`.`trainer_config__leaf` (
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `path` varchar(180) NOT NULL COMMENT ':varchar(180):where it stands, as core.channels.0',
  `kind` enum('null','bool','int','float','str','list','dict') NOT NULL COMMENT ':enum(''null'', ''bool'', ''int'', ''float'', ''str'', ''list'', ''dict''):',
  `value` varchar(2000) NOT NULL COMMENT ':varchar(2000):its JSON text',
  `number` double DEFAULT NULL COMMENT ':float64:its value where it is a number or a bool',
  PRIMARY KEY (`trainer_hash`,`path`),
  CONSTRAINT `trainer_config__leaf_ibfk_1` FOREIGN KEY (`trainer_hash`) REFERENCES `{prefix}trainer`.`trainer_config` (`trainer_hash`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='one value of the config, for queries';;
INSERT INTO `{prefix}trainer`.`trainer_config__leaf` (`trainer_hash`, `path`, `kind`, `value`, `number`) VALUES
('f418b1a92418cf1fd3a4de4aaef631bf', 'max_epochs', 'int', '1', 1.0e0);;
CREATE TABLE `{prefix}trainer`.`~lineage` (
  `table_name` varchar(64) NOT NULL COMMENT 'table name within the schema',
  `attribute_name` varchar(64) NOT NULL COMMENT 'attribute name',
  `lineage` varchar(255) NOT NULL COMMENT 'origin: schema.table.attribute',
  PRIMARY KEY (`table_name`,`attribute_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}trainer`.`~lineage` (`table_name`, `attribute_name`, `lineage`) VALUES
('seed', 'seed', '{prefix}trainer.seed.seed'),
('trainer_config', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('trainer_config__leaf', 'path', '{prefix}trainer.trainer_config__leaf.path'),
('trainer_config__leaf', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash');;
CREATE TABLE `{prefix}training`.`__trained_model` (
  `dataset_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `model_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `trainer_hash` char(32) NOT NULL COMMENT 'sha256 of function and config, first 128 bits',
  `seed` bigint NOT NULL,
  `score` double NOT NULL COMMENT ':float64:what the trainer returned: mean validation correlation',
  `output` json NOT NULL COMMENT ':json:what the trainer recorded, an entry an epoch',
  `parameters` bigint NOT NULL COMMENT ':int64:',
  `weights_sha256` char(64) NOT NULL COMMENT ':char(64):names the safetensors file below the store',
  `device` varchar(64) NOT NULL COMMENT ':varchar(64):',
  `versions` json NOT NULL COMMENT ':json:of dlgn_cnn and torch',
  `fit_seconds` double NOT NULL COMMENT ':float64:',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`),
  KEY `model_hash` (`model_hash`),
  KEY `trainer_hash` (`trainer_hash`),
  KEY `seed` (`seed`),
  CONSTRAINT `__trained_model_ibfk_1` FOREIGN KEY (`dataset_hash`) REFERENCES `{prefix}dataset`.`__dataset` (`dataset_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__trained_model_ibfk_2` FOREIGN KEY (`model_hash`) REFERENCES `{prefix}model`.`model_config` (`model_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__trained_model_ibfk_3` FOREIGN KEY (`trainer_hash`) REFERENCES `{prefix}trainer`.`trainer_config` (`trainer_hash`) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `__trained_model_ibfk_4` FOREIGN KEY (`seed`) REFERENCES `{prefix}trainer`.`seed` (`seed`) ON DELETE RESTRICT ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='fitted model';;
INSERT INTO `{prefix}training`.`__trained_model` (`dataset_hash`, `model_hash`, `trainer_hash`, `seed`, `score`, `output`, `parameters`, `weights_sha256`, `device`, `versions`, `fit_seconds`) VALUES
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 0.1712182618651343e0, '{\"epochs\": [{\"loss\": 0.5043303370475769, \"epoch\": 0, \"penalty\": 0.0, \"seconds\": 0.009527173000606126, \"learning_rate\": 0.005, \"samples_per_s\": 516.8626437134545, \"validation_loss\": 0.26278629899024963, \"peak_memory_bytes\": 639840256, \"validation_correlation\": 0.1712182618651343}], \"best_epoch\": 0}', 72, 'c781b5d2868910414b4ba14f31ce83e6bd596b7c9ac193c477a6480d6820b394', 'cpu', '{\"torch\": \"2.13.0+cpu\", \"dlgn_cnn\": \"0.1.0\"}', 0.07505255800060695e0),
('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, -0.03958822130180255e0, '{\"epochs\": [{\"loss\": 0.4444916248321533, \"epoch\": 0, \"penalty\": 0.0, \"seconds\": 0.026253547999658622, \"learning_rate\": 0.005, \"samples_per_s\": 188.17448498410522, \"validation_loss\": 0.2836700975894928, \"peak_memory_bytes\": 625258496, \"validation_correlation\": -0.03958822130180255}], \"best_epoch\": 0}', 72, '4878f6d6f564b920566538ff7cffb0f1dea6cedca948b147581bf8242b9bb24a', 'cpu', '{\"torch\": \"2.13.0+cpu\", \"dlgn_cnn\": \"0.1.0\"}', 2.218528946999868e0);;
CREATE TABLE `{prefix}training`.`~lineage` (
  `table_name` varchar(64) NOT NULL COMMENT 'table name within the schema',
  `attribute_name` varchar(64) NOT NULL COMMENT 'attribute name',
  `lineage` varchar(255) NOT NULL COMMENT 'origin: schema.table.attribute',
  PRIMARY KEY (`table_name`,`attribute_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;;
INSERT INTO `{prefix}training`.`~lineage` (`table_name`, `attribute_name`, `lineage`) VALUES
('__trained_model', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
('__trained_model', 'model_hash', '{prefix}model.model_config.model_hash'),
('__trained_model', 'seed', '{prefix}trainer.seed.seed'),
('__trained_model', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
('~~trained_model', 'dataset_hash', '{prefix}training.~~trained_model.dataset_hash'),
('~~trained_model', 'model_hash', '{prefix}training.~~trained_model.model_hash'),
('~~trained_model', 'seed', '{prefix}training.~~trained_model.seed'),
('~~trained_model', 'trainer_hash', '{prefix}training.~~trained_model.trainer_hash');;
CREATE TABLE `{prefix}training`.`~~trained_model` (
  `dataset_hash` char(32) NOT NULL COMMENT ':char(32):',
  `model_hash` char(32) NOT NULL COMMENT ':char(32):',
  `trainer_hash` char(32) NOT NULL COMMENT ':char(32):',
  `seed` bigint NOT NULL,
  `status` enum('pending','reserved','success','error','ignore') NOT NULL COMMENT ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):',
  `priority` tinyint NOT NULL COMMENT ':int8:',
  `created_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `scheduled_time` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT ':datetime(3):',
  `reserved_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `completed_time` datetime(3) DEFAULT NULL COMMENT ':datetime(3):',
  `duration` double DEFAULT NULL COMMENT ':float64:',
  `error_message` varchar(2047) NOT NULL DEFAULT '' COMMENT ':varchar(2047):',
  `error_stack` longblob COMMENT ':<blob>:',
  `user` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `host` varchar(255) NOT NULL DEFAULT '' COMMENT ':varchar(255):',
  `pid` int NOT NULL DEFAULT '0' COMMENT ':int32:',
  `connection_id` bigint NOT NULL DEFAULT '0' COMMENT ':int64:',
  `version` varchar(64) NOT NULL DEFAULT '' COMMENT ':varchar(64):',
  PRIMARY KEY (`dataset_hash`,`model_hash`,`trainer_hash`,`seed`),
  KEY `status` (`status`,`priority`,`scheduled_time`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Job queue for `{prefix}training`.`__trained_model`';;
SET FOREIGN_KEY_CHECKS=1
