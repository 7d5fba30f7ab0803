CREATE SCHEMA {prefix}dataset;;
CREATE SCHEMA {prefix}ensemble;;
CREATE SCHEMA {prefix}evaluation;;
CREATE SCHEMA {prefix}experiment;;
CREATE SCHEMA {prefix}fitting;;
CREATE SCHEMA {prefix}fleet;;
CREATE SCHEMA {prefix}mei;;
CREATE SCHEMA {prefix}mei_contrast;;
CREATE SCHEMA {prefix}mei_control;;
CREATE SCHEMA {prefix}model;;
CREATE SCHEMA {prefix}optogenetics;;
CREATE SCHEMA {prefix}recording;;
CREATE SCHEMA {prefix}search;;
CREATE SCHEMA {prefix}session;;
CREATE SCHEMA {prefix}stimulus;;
CREATE SCHEMA {prefix}trainer;;
CREATE SCHEMA {prefix}training;;
CREATE TYPE {prefix}dataset.enum_02aea5de AS ENUM (
    'null',
    'bool',
    'int',
    'float',
    'str',
    'list',
    'dict'
);;
CREATE TYPE {prefix}dataset.enum_609a743e AS ENUM (
    'pending',
    'reserved',
    'success',
    'error',
    'ignore'
);;
CREATE TYPE {prefix}dataset.enum_c14927f1 AS ENUM (
    'train',
    'validation',
    'test',
    'left_out'
);;
CREATE TYPE {prefix}ensemble.enum_609a743e AS ENUM (
    'pending',
    'reserved',
    'success',
    'error',
    'ignore'
);;
CREATE TYPE {prefix}evaluation.enum_609a743e AS ENUM (
    'pending',
    'reserved',
    'success',
    'error',
    'ignore'
);;
CREATE TYPE {prefix}fleet.enum_427f4dd4 AS ENUM (
    '',
    'stop',
    'hand_back'
);;
CREATE TYPE {prefix}fleet.enum_58e55bce AS ENUM (
    'pause',
    'drain'
);;
CREATE TYPE {prefix}fleet.enum_fc6b1ee3 AS ENUM (
    'working',
    'ended',
    'died',
    'lost'
);;
CREATE TYPE {prefix}mei.enum_02aea5de AS ENUM (
    'null',
    'bool',
    'int',
    'float',
    'str',
    'list',
    'dict'
);;
CREATE TYPE {prefix}mei.enum_609a743e AS ENUM (
    'pending',
    'reserved',
    'success',
    'error',
    'ignore'
);;
CREATE TYPE {prefix}mei_contrast.enum_609a743e AS ENUM (
    'pending',
    'reserved',
    'success',
    'error',
    'ignore'
);;
CREATE TYPE {prefix}mei_control.enum_609a743e AS ENUM (
    'pending',
    'reserved',
    'success',
    'error',
    'ignore'
);;
CREATE TYPE {prefix}model.enum_02aea5de AS ENUM (
    'null',
    'bool',
    'int',
    'float',
    'str',
    'list',
    'dict'
);;
CREATE TYPE {prefix}recording.enum_609a743e AS ENUM (
    'pending',
    'reserved',
    'success',
    'error',
    'ignore'
);;
CREATE TYPE {prefix}stimulus.enum_85eb5b78 AS ENUM (
    'train',
    'test'
);;
CREATE TYPE {prefix}trainer.enum_02aea5de AS ENUM (
    'null',
    'bool',
    'int',
    'float',
    'str',
    'list',
    'dict'
);;
CREATE TYPE {prefix}training.enum_609a743e AS ENUM (
    'pending',
    'reserved',
    'success',
    'error',
    'ignore'
);;
CREATE TABLE {prefix}dataset.__dataset (
    dataset_hash character(32) NOT NULL,
    dataset_digest character(64) NOT NULL,
    trials integer NOT NULL
);;
COMMENT ON TABLE {prefix}dataset.__dataset IS 'stored dataset';;
COMMENT ON COLUMN {prefix}dataset.__dataset.dataset_digest IS ':char(64):of all rows of all sessions';;
COMMENT ON COLUMN {prefix}dataset.__dataset.trials IS ':int32:';;
CREATE TABLE {prefix}dataset.__dataset__session (
    dataset_hash character(32) NOT NULL,
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    store_path character varying(255) NOT NULL,
    rows_digest character(64) NOT NULL
);;
COMMENT ON COLUMN {prefix}dataset.__dataset__session.store_path IS ':varchar(255):below the store folder';;
COMMENT ON COLUMN {prefix}dataset.__dataset__session.rows_digest IS ':char(64):';;
CREATE TABLE {prefix}dataset.__dataset__split (
    dataset_hash character(32) NOT NULL,
    movie character varying(96) NOT NULL,
    scene integer NOT NULL,
    tier {prefix}dataset.enum_c14927f1 NOT NULL
);;
COMMENT ON COLUMN {prefix}dataset.__dataset__split.tier IS ':enum(''train'', ''validation'', ''test'', ''left_out''):left out: nearly a scene of another tier';;
CREATE TABLE {prefix}dataset.__dataset__unit (
    dataset_hash character(32) NOT NULL,
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    unit integer NOT NULL,
    unit_index integer NOT NULL,
    mean_rate_hz double precision NOT NULL
);;
COMMENT ON COLUMN {prefix}dataset.__dataset__unit.unit_index IS ':int32:';;
COMMENT ON COLUMN {prefix}dataset.__dataset__unit.mean_rate_hz IS ':float64:in the training tier';;
CREATE TABLE {prefix}dataset.dataset_config (
    dataset_hash character(32) NOT NULL,
    dataset_fn character varying(128) NOT NULL,
    dataset_config jsonb NOT NULL,
    dataset_comment character varying(256) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}dataset.dataset_config IS 'dataset function and its arguments';;
COMMENT ON COLUMN {prefix}dataset.dataset_config.dataset_hash IS ':char(32):sha256 of function and config, first 128 bits';;
COMMENT ON COLUMN {prefix}dataset.dataset_config.dataset_fn IS ':varchar(128):registered name, or import path of an allowed package';;
COMMENT ON COLUMN {prefix}dataset.dataset_config.dataset_config IS ':json:its arguments';;
COMMENT ON COLUMN {prefix}dataset.dataset_config.dataset_comment IS ':varchar(256):';;
CREATE TABLE {prefix}dataset.dataset_config__leaf (
    dataset_hash character(32) NOT NULL,
    path character varying(180) NOT NULL,
    kind {prefix}dataset.enum_02aea5de NOT NULL,
    value character varying(2000) NOT NULL,
    number double precision
);;
COMMENT ON TABLE {prefix}dataset.dataset_config__leaf IS 'one value of the config, for queries';;
COMMENT ON COLUMN {prefix}dataset.dataset_config__leaf.path IS ':varchar(180):where it stands, as core.channels.0';;
COMMENT ON COLUMN {prefix}dataset.dataset_config__leaf.kind IS ':enum(''null'', ''bool'', ''int'', ''float'', ''str'', ''list'', ''dict''):';;
COMMENT ON COLUMN {prefix}dataset.dataset_config__leaf.value IS ':varchar(2000):its JSON text';;
COMMENT ON COLUMN {prefix}dataset.dataset_config__leaf.number IS ':float64:its value where it is a number or a bool';;
CREATE TABLE {prefix}dataset.dataset_config__session (
    dataset_hash character(32) NOT NULL,
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL
);;
CREATE TABLE {prefix}dataset."~lineage" (
    table_name character varying(64) NOT NULL,
    attribute_name character varying(64) NOT NULL,
    lineage character varying(255) NOT NULL
);;
CREATE TABLE {prefix}dataset."~~dataset" (
    dataset_hash character(32) NOT NULL,
    status {prefix}dataset.enum_609a743e NOT NULL,
    priority smallint NOT NULL,
    created_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    scheduled_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    reserved_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    completed_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    duration double precision,
    error_message character varying(2047) DEFAULT ''::character varying NOT NULL,
    error_stack bytea,
    "user" character varying(255) DEFAULT ''::character varying NOT NULL,
    host character varying(255) DEFAULT ''::character varying NOT NULL,
    pid integer DEFAULT 0 NOT NULL,
    connection_id bigint DEFAULT '0'::bigint NOT NULL,
    version character varying(64) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}dataset."~~dataset" IS 'Job queue for "{prefix}dataset"."__dataset"';;
COMMENT ON COLUMN {prefix}dataset."~~dataset".dataset_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}dataset."~~dataset".status IS ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):';;
COMMENT ON COLUMN {prefix}dataset."~~dataset".priority IS ':int8:';;
COMMENT ON COLUMN {prefix}dataset."~~dataset".created_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}dataset."~~dataset".scheduled_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}dataset."~~dataset".reserved_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}dataset."~~dataset".completed_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}dataset."~~dataset".duration IS ':float64:';;
COMMENT ON COLUMN {prefix}dataset."~~dataset".error_message IS ':varchar(2047):';;
COMMENT ON COLUMN {prefix}dataset."~~dataset".error_stack IS ':<blob>:';;
COMMENT ON COLUMN {prefix}dataset."~~dataset"."user" IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}dataset."~~dataset".host IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}dataset."~~dataset".pid IS ':int32:';;
COMMENT ON COLUMN {prefix}dataset."~~dataset".connection_id IS ':int64:';;
COMMENT ON COLUMN {prefix}dataset."~~dataset".version IS ':varchar(64):';;
CREATE TABLE {prefix}ensemble.__ensemble_score (
    ensemble_hash character(32) NOT NULL,
    dataset_hash character(32) NOT NULL,
    mean_correlation double precision
);;
COMMENT ON TABLE {prefix}ensemble.__ensemble_score IS 'scores of an ensemble';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score.mean_correlation IS ':float64:over units';;
CREATE TABLE {prefix}ensemble.__ensemble_score__condition (
    ensemble_hash character(32) NOT NULL,
    dataset_hash character(32) NOT NULL,
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    unit integer NOT NULL,
    tier character varying(16) NOT NULL,
    light character varying(16) NOT NULL,
    frames bigint NOT NULL,
    correlation double precision,
    correlation_low double precision,
    correlation_high double precision,
    bits_per_spike double precision,
    bits_per_spike_low double precision,
    bits_per_spike_high double precision,
    average_correlation double precision,
    normalised_correlation double precision,
    normalised_correlation_low double precision,
    normalised_correlation_high double precision,
    explained double precision,
    explained_low double precision,
    explained_high double precision,
    explainable double precision,
    ceiling double precision,
    oracle double precision,
    split_half double precision,
    reliability double precision,
    repeats double precision
);;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.tier IS ':varchar(16):validation or test';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.light IS ':varchar(16):all, intact or suppressed: which frames';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.frames IS ':int64:of all trials';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.correlation IS ':float64:single-trial Pearson';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.correlation_low IS ':float64:';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.correlation_high IS ':float64:';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.bits_per_spike IS ':float64:log-likelihood over that of the mean rate in training';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.bits_per_spike_low IS ':float64:';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.bits_per_spike_high IS ':float64:';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.average_correlation IS ':float64:with the average of the repeats';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.normalised_correlation IS ':float64:the same over its ceiling';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.normalised_correlation_low IS ':float64:';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.normalised_correlation_high IS ':float64:';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.explained IS ':float64:share of explainable variance, FEVE';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.explained_low IS ':float64:';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.explained_high IS ':float64:';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.explainable IS ':float64:share of single trials'' variance that is no noise';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.ceiling IS ':float64:of average_correlation';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.oracle IS ':float64:each trial with the mean of the others';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.split_half IS ':float64:mean of odd with mean of even repeats';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.reliability IS ':float64:the same after Spearman and Brown';;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__condition.repeats IS ':float64:mean number behind these';;
CREATE TABLE {prefix}ensemble.__ensemble_score__member (
    ensemble_hash character(32) NOT NULL,
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL
);;
CREATE TABLE {prefix}ensemble.__ensemble_score__unit (
    ensemble_hash character(32) NOT NULL,
    dataset_hash character(32) NOT NULL,
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    unit integer NOT NULL,
    correlation double precision
);;
COMMENT ON COLUMN {prefix}ensemble.__ensemble_score__unit.correlation IS ':float64:single-trial Pearson; null where the unit fired no spike in the test tier';;
CREATE TABLE {prefix}ensemble.ensemble (
    ensemble_hash character(32) NOT NULL,
    dataset_hash character(32) NOT NULL,
    members integer NOT NULL,
    ensemble_comment character varying(256) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}ensemble.ensemble IS 'fitted models whose mean rate is the prediction';;
COMMENT ON COLUMN {prefix}ensemble.ensemble.ensemble_hash IS ':char(32):sha256 of its members'' keys, first 128 bits';;
COMMENT ON COLUMN {prefix}ensemble.ensemble.members IS ':int32:';;
COMMENT ON COLUMN {prefix}ensemble.ensemble.ensemble_comment IS ':varchar(256):';;
CREATE TABLE {prefix}ensemble.ensemble__member (
    ensemble_hash character(32) NOT NULL,
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL
);;
CREATE TABLE {prefix}ensemble."~lineage" (
    table_name character varying(64) NOT NULL,
    attribute_name character varying(64) NOT NULL,
    lineage character varying(255) NOT NULL
);;
CREATE TABLE {prefix}ensemble."~~ensemble_score" (
    ensemble_hash character(32) NOT NULL,
    status {prefix}ensemble.enum_609a743e NOT NULL,
    priority smallint NOT NULL,
    created_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    scheduled_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    reserved_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    completed_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    duration double precision,
    error_message character varying(2047) DEFAULT ''::character varying NOT NULL,
    error_stack bytea,
    "user" character varying(255) DEFAULT ''::character varying NOT NULL,
    host character varying(255) DEFAULT ''::character varying NOT NULL,
    pid integer DEFAULT 0 NOT NULL,
    connection_id bigint DEFAULT '0'::bigint NOT NULL,
    version character varying(64) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}ensemble."~~ensemble_score" IS 'Job queue for "{prefix}ensemble"."__ensemble_score"';;
COMMENT ON COLUMN {prefix}ensemble."~~ensemble_score".ensemble_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}ensemble."~~ensemble_score".status IS ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):';;
COMMENT ON COLUMN {prefix}ensemble."~~ensemble_score".priority IS ':int8:';;
COMMENT ON COLUMN {prefix}ensemble."~~ensemble_score".created_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}ensemble."~~ensemble_score".scheduled_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}ensemble."~~ensemble_score".reserved_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}ensemble."~~ensemble_score".completed_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}ensemble."~~ensemble_score".duration IS ':float64:';;
COMMENT ON COLUMN {prefix}ensemble."~~ensemble_score".error_message IS ':varchar(2047):';;
COMMENT ON COLUMN {prefix}ensemble."~~ensemble_score".error_stack IS ':<blob>:';;
COMMENT ON COLUMN {prefix}ensemble."~~ensemble_score"."user" IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}ensemble."~~ensemble_score".host IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}ensemble."~~ensemble_score".pid IS ':int32:';;
COMMENT ON COLUMN {prefix}ensemble."~~ensemble_score".connection_id IS ':int64:';;
COMMENT ON COLUMN {prefix}ensemble."~~ensemble_score".version IS ':varchar(64):';;
CREATE TABLE {prefix}evaluation.__feedback_modulation (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL
);;
COMMENT ON TABLE {prefix}evaluation.__feedback_modulation IS 'effect of the light';;
CREATE TABLE {prefix}evaluation.__feedback_modulation__unit (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    unit integer NOT NULL,
    data_intact_hz double precision,
    data_suppressed_hz double precision,
    data_omi double precision,
    data_omi_p double precision,
    data_omi_q double precision,
    model_intact_hz double precision,
    model_suppressed_hz double precision,
    model_omi double precision,
    data_rmi double precision,
    model_rmi double precision,
    data_emi double precision,
    model_emi double precision
);;
COMMENT ON COLUMN {prefix}evaluation.__feedback_modulation__unit.data_intact_hz IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation.__feedback_modulation__unit.data_suppressed_hz IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation.__feedback_modulation__unit.data_omi IS ':float64:(suppressed - intact) / (suppressed + intact)';;
COMMENT ON COLUMN {prefix}evaluation.__feedback_modulation__unit.data_omi_p IS ':float64:two-sided, permutations of the light''s draws';;
COMMENT ON COLUMN {prefix}evaluation.__feedback_modulation__unit.data_omi_q IS ':float64:false-discovery rate over the fit''s units';;
COMMENT ON COLUMN {prefix}evaluation.__feedback_modulation__unit.model_intact_hz IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation.__feedback_modulation__unit.model_suppressed_hz IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation.__feedback_modulation__unit.model_omi IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation.__feedback_modulation__unit.data_rmi IS ':float64:(running - still) / (running + still)';;
COMMENT ON COLUMN {prefix}evaluation.__feedback_modulation__unit.model_rmi IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation.__feedback_modulation__unit.data_emi IS ':float64:(large pupil - small pupil) / (large pupil + small pupil)';;
COMMENT ON COLUMN {prefix}evaluation.__feedback_modulation__unit.model_emi IS ':float64:';;
CREATE TABLE {prefix}evaluation.__input_gain (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL
);;
COMMENT ON TABLE {prefix}evaluation.__input_gain IS 'gain of each input';;
CREATE TABLE {prefix}evaluation.__input_gain__unit (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    unit integer NOT NULL,
    movie double precision,
    light double precision,
    running double precision,
    pupil double precision
);;
COMMENT ON COLUMN {prefix}evaluation.__input_gain__unit.movie IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation.__input_gain__unit.light IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation.__input_gain__unit.running IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation.__input_gain__unit.pupil IS ':float64:size and position';;
CREATE TABLE {prefix}evaluation.__receptive_field (
    dataset_hash character(32) NOT NULL
);;
COMMENT ON TABLE {prefix}evaluation.__receptive_field IS 'linear receptive fields';;
CREATE TABLE {prefix}evaluation.__receptive_field__unit (
    dataset_hash character(32) NOT NULL,
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    unit integer NOT NULL,
    field jsonb NOT NULL
);;
COMMENT ON COLUMN {prefix}evaluation.__receptive_field__unit.field IS ':<npy@main>:(lag, height, width)';;
CREATE TABLE {prefix}evaluation.__score (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    mean_correlation double precision
);;
COMMENT ON TABLE {prefix}evaluation.__score IS 'scores of a fitted model';;
COMMENT ON COLUMN {prefix}evaluation.__score.mean_correlation IS ':float64:over units';;
CREATE TABLE {prefix}evaluation.__score__condition (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    unit integer NOT NULL,
    tier character varying(16) NOT NULL,
    light character varying(16) NOT NULL,
    frames bigint NOT NULL,
    correlation double precision,
    correlation_low double precision,
    correlation_high double precision,
    bits_per_spike double precision,
    bits_per_spike_low double precision,
    bits_per_spike_high double precision,
    average_correlation double precision,
    normalised_correlation double precision,
    normalised_correlation_low double precision,
    normalised_correlation_high double precision,
    explained double precision,
    explained_low double precision,
    explained_high double precision,
    explainable double precision,
    ceiling double precision,
    oracle double precision,
    split_half double precision,
    reliability double precision,
    repeats double precision
);;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.tier IS ':varchar(16):validation or test';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.light IS ':varchar(16):all, intact or suppressed: which frames';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.frames IS ':int64:of all trials';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.correlation IS ':float64:single-trial Pearson';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.correlation_low IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.correlation_high IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.bits_per_spike IS ':float64:log-likelihood over that of the mean rate in training';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.bits_per_spike_low IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.bits_per_spike_high IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.average_correlation IS ':float64:with the average of the repeats';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.normalised_correlation IS ':float64:the same over its ceiling';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.normalised_correlation_low IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.normalised_correlation_high IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.explained IS ':float64:share of explainable variance, FEVE';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.explained_low IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.explained_high IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.explainable IS ':float64:share of single trials'' variance that is no noise';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.ceiling IS ':float64:of average_correlation';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.oracle IS ':float64:each trial with the mean of the others';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.split_half IS ':float64:mean of odd with mean of even repeats';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.reliability IS ':float64:the same after Spearman and Brown';;
COMMENT ON COLUMN {prefix}evaluation.__score__condition.repeats IS ':float64:mean number behind these';;
CREATE TABLE {prefix}evaluation.__score__unit (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    unit integer NOT NULL,
    correlation double precision
);;
COMMENT ON COLUMN {prefix}evaluation.__score__unit.correlation IS ':float64:single-trial Pearson; null where the unit fired no spike in the test tier';;
CREATE TABLE {prefix}evaluation."~lineage" (
    table_name character varying(64) NOT NULL,
    attribute_name character varying(64) NOT NULL,
    lineage character varying(255) NOT NULL
);;
CREATE TABLE {prefix}evaluation."~~feedback_modulation" (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    status {prefix}evaluation.enum_609a743e NOT NULL,
    priority smallint NOT NULL,
    created_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    scheduled_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    reserved_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    completed_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    duration double precision,
    error_message character varying(2047) DEFAULT ''::character varying NOT NULL,
    error_stack bytea,
    "user" character varying(255) DEFAULT ''::character varying NOT NULL,
    host character varying(255) DEFAULT ''::character varying NOT NULL,
    pid integer DEFAULT 0 NOT NULL,
    connection_id bigint DEFAULT '0'::bigint NOT NULL,
    version character varying(64) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}evaluation."~~feedback_modulation" IS 'Job queue for "{prefix}evaluation"."__feedback_modulation"';;
COMMENT ON COLUMN {prefix}evaluation."~~feedback_modulation".dataset_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}evaluation."~~feedback_modulation".model_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}evaluation."~~feedback_modulation".trainer_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}evaluation."~~feedback_modulation".status IS ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):';;
COMMENT ON COLUMN {prefix}evaluation."~~feedback_modulation".priority IS ':int8:';;
COMMENT ON COLUMN {prefix}evaluation."~~feedback_modulation".created_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}evaluation."~~feedback_modulation".scheduled_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}evaluation."~~feedback_modulation".reserved_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}evaluation."~~feedback_modulation".completed_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}evaluation."~~feedback_modulation".duration IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation."~~feedback_modulation".error_message IS ':varchar(2047):';;
COMMENT ON COLUMN {prefix}evaluation."~~feedback_modulation".error_stack IS ':<blob>:';;
COMMENT ON COLUMN {prefix}evaluation."~~feedback_modulation"."user" IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}evaluation."~~feedback_modulation".host IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}evaluation."~~feedback_modulation".pid IS ':int32:';;
COMMENT ON COLUMN {prefix}evaluation."~~feedback_modulation".connection_id IS ':int64:';;
COMMENT ON COLUMN {prefix}evaluation."~~feedback_modulation".version IS ':varchar(64):';;
CREATE TABLE {prefix}evaluation."~~input_gain" (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    status {prefix}evaluation.enum_609a743e NOT NULL,
    priority smallint NOT NULL,
    created_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    scheduled_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    reserved_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    completed_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    duration double precision,
    error_message character varying(2047) DEFAULT ''::character varying NOT NULL,
    error_stack bytea,
    "user" character varying(255) DEFAULT ''::character varying NOT NULL,
    host character varying(255) DEFAULT ''::character varying NOT NULL,
    pid integer DEFAULT 0 NOT NULL,
    connection_id bigint DEFAULT '0'::bigint NOT NULL,
    version character varying(64) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}evaluation."~~input_gain" IS 'Job queue for "{prefix}evaluation"."__input_gain"';;
COMMENT ON COLUMN {prefix}evaluation."~~input_gain".dataset_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}evaluation."~~input_gain".model_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}evaluation."~~input_gain".trainer_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}evaluation."~~input_gain".status IS ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):';;
COMMENT ON COLUMN {prefix}evaluation."~~input_gain".priority IS ':int8:';;
COMMENT ON COLUMN {prefix}evaluation."~~input_gain".created_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}evaluation."~~input_gain".scheduled_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}evaluation."~~input_gain".reserved_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}evaluation."~~input_gain".completed_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}evaluation."~~input_gain".duration IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation."~~input_gain".error_message IS ':varchar(2047):';;
COMMENT ON COLUMN {prefix}evaluation."~~input_gain".error_stack IS ':<blob>:';;
COMMENT ON COLUMN {prefix}evaluation."~~input_gain"."user" IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}evaluation."~~input_gain".host IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}evaluation."~~input_gain".pid IS ':int32:';;
COMMENT ON COLUMN {prefix}evaluation."~~input_gain".connection_id IS ':int64:';;
COMMENT ON COLUMN {prefix}evaluation."~~input_gain".version IS ':varchar(64):';;
CREATE TABLE {prefix}evaluation."~~receptive_field" (
    dataset_hash character(32) NOT NULL,
    status {prefix}evaluation.enum_609a743e NOT NULL,
    priority smallint NOT NULL,
    created_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    scheduled_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    reserved_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    completed_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    duration double precision,
    error_message character varying(2047) DEFAULT ''::character varying NOT NULL,
    error_stack bytea,
    "user" character varying(255) DEFAULT ''::character varying NOT NULL,
    host character varying(255) DEFAULT ''::character varying NOT NULL,
    pid integer DEFAULT 0 NOT NULL,
    connection_id bigint DEFAULT '0'::bigint NOT NULL,
    version character varying(64) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}evaluation."~~receptive_field" IS 'Job queue for "{prefix}evaluation"."__receptive_field"';;
COMMENT ON COLUMN {prefix}evaluation."~~receptive_field".dataset_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}evaluation."~~receptive_field".status IS ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):';;
COMMENT ON COLUMN {prefix}evaluation."~~receptive_field".priority IS ':int8:';;
COMMENT ON COLUMN {prefix}evaluation."~~receptive_field".created_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}evaluation."~~receptive_field".scheduled_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}evaluation."~~receptive_field".reserved_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}evaluation."~~receptive_field".completed_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}evaluation."~~receptive_field".duration IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation."~~receptive_field".error_message IS ':varchar(2047):';;
COMMENT ON COLUMN {prefix}evaluation."~~receptive_field".error_stack IS ':<blob>:';;
COMMENT ON COLUMN {prefix}evaluation."~~receptive_field"."user" IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}evaluation."~~receptive_field".host IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}evaluation."~~receptive_field".pid IS ':int32:';;
COMMENT ON COLUMN {prefix}evaluation."~~receptive_field".connection_id IS ':int64:';;
COMMENT ON COLUMN {prefix}evaluation."~~receptive_field".version IS ':varchar(64):';;
CREATE TABLE {prefix}evaluation."~~score" (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    status {prefix}evaluation.enum_609a743e NOT NULL,
    priority smallint NOT NULL,
    created_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    scheduled_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    reserved_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    completed_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    duration double precision,
    error_message character varying(2047) DEFAULT ''::character varying NOT NULL,
    error_stack bytea,
    "user" character varying(255) DEFAULT ''::character varying NOT NULL,
    host character varying(255) DEFAULT ''::character varying NOT NULL,
    pid integer DEFAULT 0 NOT NULL,
    connection_id bigint DEFAULT '0'::bigint NOT NULL,
    version character varying(64) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}evaluation."~~score" IS 'Job queue for "{prefix}evaluation"."__score"';;
COMMENT ON COLUMN {prefix}evaluation."~~score".dataset_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}evaluation."~~score".model_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}evaluation."~~score".trainer_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}evaluation."~~score".status IS ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):';;
COMMENT ON COLUMN {prefix}evaluation."~~score".priority IS ':int8:';;
COMMENT ON COLUMN {prefix}evaluation."~~score".created_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}evaluation."~~score".scheduled_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}evaluation."~~score".reserved_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}evaluation."~~score".completed_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}evaluation."~~score".duration IS ':float64:';;
COMMENT ON COLUMN {prefix}evaluation."~~score".error_message IS ':varchar(2047):';;
COMMENT ON COLUMN {prefix}evaluation."~~score".error_stack IS ':<blob>:';;
COMMENT ON COLUMN {prefix}evaluation."~~score"."user" IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}evaluation."~~score".host IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}evaluation."~~score".pid IS ':int32:';;
COMMENT ON COLUMN {prefix}evaluation."~~score".connection_id IS ':int64:';;
COMMENT ON COLUMN {prefix}evaluation."~~score".version IS ':varchar(64):';;
CREATE TABLE {prefix}experiment.experiment (
    experiment_name character varying(64) NOT NULL,
    experiment_comment character varying(256) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}experiment.experiment IS 'named set of fits';;
COMMENT ON COLUMN {prefix}experiment.experiment.experiment_name IS ':varchar(64):';;
COMMENT ON COLUMN {prefix}experiment.experiment.experiment_comment IS ':varchar(256):';;
CREATE TABLE {prefix}experiment.experiment__fit (
    experiment_name character varying(64) NOT NULL,
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL
);;
CREATE TABLE {prefix}experiment."~lineage" (
    table_name character varying(64) NOT NULL,
    attribute_name character varying(64) NOT NULL,
    lineage character varying(255) NOT NULL
);;
CREATE TABLE {prefix}fitting.checkpoint (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    serial integer NOT NULL,
    path character varying(255) NOT NULL,
    sha256 character(64) NOT NULL,
    size_bytes bigint NOT NULL,
    epoch integer NOT NULL,
    step bigint NOT NULL,
    best_epoch integer NOT NULL,
    saved timestamp without time zone NOT NULL,
    host character varying(64) NOT NULL
);;
COMMENT ON TABLE {prefix}fitting.checkpoint IS 'a file that a fit under way can go on from';;
COMMENT ON COLUMN {prefix}fitting.checkpoint.serial IS ':int32:';;
COMMENT ON COLUMN {prefix}fitting.checkpoint.path IS ':varchar(255):below the store';;
COMMENT ON COLUMN {prefix}fitting.checkpoint.sha256 IS ':char(64):';;
COMMENT ON COLUMN {prefix}fitting.checkpoint.size_bytes IS ':int64:';;
COMMENT ON COLUMN {prefix}fitting.checkpoint.epoch IS ':int32:the epoch that was running, from 0';;
COMMENT ON COLUMN {prefix}fitting.checkpoint.step IS ':int64:optimiser steps done';;
COMMENT ON COLUMN {prefix}fitting.checkpoint.best_epoch IS ':int32:-1 before the first';;
COMMENT ON COLUMN {prefix}fitting.checkpoint.saved IS ':datetime:UTC';;
COMMENT ON COLUMN {prefix}fitting.checkpoint.host IS ':varchar(64):';;
CREATE TABLE {prefix}fitting.epoch (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    epoch integer NOT NULL,
    loss double precision,
    penalty double precision,
    validation_loss double precision,
    validation_correlation double precision,
    learning_rate double precision,
    samples_per_s double precision,
    peak_memory_bytes bigint,
    seconds double precision,
    ended timestamp without time zone NOT NULL
);;
COMMENT ON TABLE {prefix}fitting.epoch IS 'an epoch of a fit that runs or is done';;
COMMENT ON COLUMN {prefix}fitting.epoch.epoch IS ':int32:from 0';;
COMMENT ON COLUMN {prefix}fitting.epoch.loss IS ':float64:of training, nats a unit and frame, without the penalty';;
COMMENT ON COLUMN {prefix}fitting.epoch.penalty IS ':float64:of the regularisers';;
COMMENT ON COLUMN {prefix}fitting.epoch.validation_loss IS ':float64:nats a unit and frame';;
COMMENT ON COLUMN {prefix}fitting.epoch.validation_correlation IS ':float64:mean single-trial Pearson over units';;
COMMENT ON COLUMN {prefix}fitting.epoch.learning_rate IS ':float64:';;
COMMENT ON COLUMN {prefix}fitting.epoch.samples_per_s IS ':float64:windows trained on a second';;
COMMENT ON COLUMN {prefix}fitting.epoch.peak_memory_bytes IS ':int64:';;
COMMENT ON COLUMN {prefix}fitting.epoch.seconds IS ':float64:training and validation';;
COMMENT ON COLUMN {prefix}fitting.epoch.ended IS ':datetime:UTC';;
CREATE TABLE {prefix}fitting."~lineage" (
    table_name character varying(64) NOT NULL,
    attribute_name character varying(64) NOT NULL,
    lineage character varying(255) NOT NULL
);;
CREATE TABLE {prefix}fleet.attempt (
    table_name character varying(64) NOT NULL,
    key_hash character(32) NOT NULL,
    ended timestamp(3) without time zone NOT NULL,
    host character varying(255) NOT NULL,
    pid integer NOT NULL,
    reason character varying(1000) NOT NULL
);;
COMMENT ON TABLE {prefix}fleet.attempt IS 'failed try at a key';;
COMMENT ON COLUMN {prefix}fleet.attempt.table_name IS ':varchar(64):';;
COMMENT ON COLUMN {prefix}fleet.attempt.key_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}fleet.attempt.ended IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}fleet.attempt.host IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}fleet.attempt.pid IS ':int32:';;
COMMENT ON COLUMN {prefix}fleet.attempt.reason IS ':varchar(1000):';;
CREATE TABLE {prefix}fleet.lease (
    token character(32) NOT NULL,
    worker_id character(32) NOT NULL,
    table_name character varying(64) NOT NULL,
    key_hash character(32) NOT NULL,
    held_key jsonb NOT NULL,
    job_table character varying(160) NOT NULL,
    since timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    recall {prefix}fleet.enum_427f4dd4 DEFAULT ''::{prefix}fleet.enum_427f4dd4 NOT NULL
);;
COMMENT ON TABLE {prefix}fleet.lease IS 'held key';;
COMMENT ON COLUMN {prefix}fleet.lease.token IS ':char(32):';;
COMMENT ON COLUMN {prefix}fleet.lease.table_name IS ':varchar(64):';;
COMMENT ON COLUMN {prefix}fleet.lease.key_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}fleet.lease.held_key IS ':json:';;
COMMENT ON COLUMN {prefix}fleet.lease.job_table IS ':varchar(160):DataJoint''s queue that the key is in, quoted';;
COMMENT ON COLUMN {prefix}fleet.lease.since IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}fleet.lease.recall IS ':enum('''', ''stop'', ''hand_back''):set it to end the fit: key set aside, or pending again';;
CREATE TABLE {prefix}fleet.standing_order (
    host character varying(255) DEFAULT '*'::character varying NOT NULL,
    table_name character varying(64) DEFAULT '*'::character varying NOT NULL,
    action {prefix}fleet.enum_58e55bce NOT NULL,
    given timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL
);;
COMMENT ON TABLE {prefix}fleet.standing_order IS 'standing order to workers';;
COMMENT ON COLUMN {prefix}fleet.standing_order.host IS ':varchar(255):whom it is for, ''*'' for all';;
COMMENT ON COLUMN {prefix}fleet.standing_order.table_name IS ':varchar(64):the table it is about, ''*'' for all';;
COMMENT ON COLUMN {prefix}fleet.standing_order.action IS ':enum(''pause'', ''drain''):pause: take no new key; drain: end after the key in hand';;
COMMENT ON COLUMN {prefix}fleet.standing_order.given IS ':datetime(3):';;
CREATE TABLE {prefix}fleet.worker (
    worker_id character(32) NOT NULL,
    host character varying(255) NOT NULL,
    pid integer NOT NULL,
    device character varying(64) NOT NULL,
    state {prefix}fleet.enum_fc6b1ee3 NOT NULL,
    started timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    heartbeat timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    expires timestamp(3) without time zone NOT NULL,
    beating_since timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    doing character varying(255) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}fleet.worker IS 'worker process';;
COMMENT ON COLUMN {prefix}fleet.worker.worker_id IS ':char(32):';;
COMMENT ON COLUMN {prefix}fleet.worker.host IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}fleet.worker.pid IS ':int32:';;
COMMENT ON COLUMN {prefix}fleet.worker.device IS ':varchar(64):';;
COMMENT ON COLUMN {prefix}fleet.worker.state IS ':enum(''working'', ''ended'', ''died'', ''lost''):died: seen by its heartbeat; lost: its leases have expired';;
COMMENT ON COLUMN {prefix}fleet.worker.started IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}fleet.worker.heartbeat IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}fleet.worker.expires IS ':datetime(3):when its leases do, unless a heartbeat comes before';;
COMMENT ON COLUMN {prefix}fleet.worker.beating_since IS ':datetime(3):heartbeats came without a gap since then';;
COMMENT ON COLUMN {prefix}fleet.worker.doing IS ':varchar(255):how far it is with the key in hand';;
CREATE TABLE {prefix}fleet."~lineage" (
    table_name character varying(64) NOT NULL,
    attribute_name character varying(64) NOT NULL,
    lineage character varying(255) NOT NULL
);;
CREATE TABLE {prefix}mei.__m_e_i (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    mei_hash character(32) NOT NULL,
    stimuli integer NOT NULL
);;
COMMENT ON TABLE {prefix}mei.__m_e_i IS 'MEIs of a fitted model';;
COMMENT ON COLUMN {prefix}mei.__m_e_i.stimuli IS ':int32:';;
CREATE TABLE {prefix}mei.__m_e_i__stimulus (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    mei_hash character(32) NOT NULL,
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    unit integer NOT NULL,
    opto_condition character varying(16) NOT NULL,
    mei_seed integer NOT NULL,
    stimulus jsonb NOT NULL,
    activation double precision NOT NULL,
    intact_hz double precision NOT NULL,
    suppressed_hz double precision NOT NULL,
    norm double precision NOT NULL,
    lowest double precision NOT NULL,
    highest double precision NOT NULL,
    steps integer NOT NULL
);;
COMMENT ON COLUMN {prefix}mei.__m_e_i__stimulus.mei_seed IS ':int32:';;
COMMENT ON COLUMN {prefix}mei.__m_e_i__stimulus.stimulus IS ':<npy@main>:(time, height, width), in standard deviations of the training movies'' grey level';;
COMMENT ON COLUMN {prefix}mei.__m_e_i__stimulus.activation IS ':float64:what was maximised';;
COMMENT ON COLUMN {prefix}mei.__m_e_i__stimulus.intact_hz IS ':float64:mean rate over the scored window, light off';;
COMMENT ON COLUMN {prefix}mei.__m_e_i__stimulus.suppressed_hz IS ':float64:the same, light on';;
COMMENT ON COLUMN {prefix}mei.__m_e_i__stimulus.norm IS ':float64:L2 norm of the stimulus';;
COMMENT ON COLUMN {prefix}mei.__m_e_i__stimulus.lowest IS ':float64:darkest value';;
COMMENT ON COLUMN {prefix}mei.__m_e_i__stimulus.highest IS ':float64:brightest value';;
COMMENT ON COLUMN {prefix}mei.__m_e_i__stimulus.steps IS ':int32:';;
CREATE TABLE {prefix}mei.m_e_i_config (
    mei_hash character(32) NOT NULL,
    mei_fn character varying(128) NOT NULL,
    mei_config jsonb NOT NULL,
    mei_comment character varying(256) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}mei.m_e_i_config IS 'MEI method and its arguments';;
COMMENT ON COLUMN {prefix}mei.m_e_i_config.mei_hash IS ':char(32):sha256 of function and config, first 128 bits';;
COMMENT ON COLUMN {prefix}mei.m_e_i_config.mei_fn IS ':varchar(128):registered name, or import path of an allowed package';;
COMMENT ON COLUMN {prefix}mei.m_e_i_config.mei_config IS ':json:its arguments';;
COMMENT ON COLUMN {prefix}mei.m_e_i_config.mei_comment IS ':varchar(256):';;
CREATE TABLE {prefix}mei.m_e_i_config__leaf (
    mei_hash character(32) NOT NULL,
    path character varying(180) NOT NULL,
    kind {prefix}mei.enum_02aea5de NOT NULL,
    value character varying(2000) NOT NULL,
    number double precision
);;
COMMENT ON TABLE {prefix}mei.m_e_i_config__leaf IS 'one value of the config, for queries';;
COMMENT ON COLUMN {prefix}mei.m_e_i_config__leaf.path IS ':varchar(180):where it stands, as core.channels.0';;
COMMENT ON COLUMN {prefix}mei.m_e_i_config__leaf.kind IS ':enum(''null'', ''bool'', ''int'', ''float'', ''str'', ''list'', ''dict''):';;
COMMENT ON COLUMN {prefix}mei.m_e_i_config__leaf.value IS ':varchar(2000):its JSON text';;
COMMENT ON COLUMN {prefix}mei.m_e_i_config__leaf.number IS ':float64:its value where it is a number or a bool';;
CREATE TABLE {prefix}mei.m_e_i_plan (
    experiment_name character varying(64) NOT NULL,
    mei_hash character(32) NOT NULL
);;
COMMENT ON TABLE {prefix}mei.m_e_i_plan IS 'MEIs of an experiment';;
CREATE TABLE {prefix}mei."~lineage" (
    table_name character varying(64) NOT NULL,
    attribute_name character varying(64) NOT NULL,
    lineage character varying(255) NOT NULL
);;
CREATE TABLE {prefix}mei."~~m_e_i" (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    mei_hash character(32) NOT NULL,
    status {prefix}mei.enum_609a743e NOT NULL,
    priority smallint NOT NULL,
    created_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    scheduled_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    reserved_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    completed_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    duration double precision,
    error_message character varying(2047) DEFAULT ''::character varying NOT NULL,
    error_stack bytea,
    "user" character varying(255) DEFAULT ''::character varying NOT NULL,
    host character varying(255) DEFAULT ''::character varying NOT NULL,
    pid integer DEFAULT 0 NOT NULL,
    connection_id bigint DEFAULT '0'::bigint NOT NULL,
    version character varying(64) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}mei."~~m_e_i" IS 'Job queue for "{prefix}mei"."__m_e_i"';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i".dataset_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i".model_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i".trainer_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i".mei_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i".status IS ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i".priority IS ':int8:';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i".created_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i".scheduled_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i".reserved_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i".completed_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i".duration IS ':float64:';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i".error_message IS ':varchar(2047):';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i".error_stack IS ':<blob>:';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i"."user" IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i".host IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i".pid IS ':int32:';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i".connection_id IS ':int64:';;
COMMENT ON COLUMN {prefix}mei."~~m_e_i".version IS ':varchar(64):';;
CREATE TABLE {prefix}mei_contrast.__m_e_i_contrast (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    mei_hash character(32) NOT NULL,
    null_fits integer NOT NULL
);;
COMMENT ON TABLE {prefix}mei_contrast.__m_e_i_contrast IS 'feedback contrast of the MEIs of a fitted model';;
COMMENT ON COLUMN {prefix}mei_contrast.__m_e_i_contrast.null_fits IS ':int32:fits to shuffled labels of the light';;
CREATE TABLE {prefix}mei_contrast.__m_e_i_contrast__distance (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    mei_hash character(32) NOT NULL,
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    unit integer NOT NULL,
    view character varying(16) NOT NULL,
    distance double precision NOT NULL,
    within double precision,
    null_kind character varying(16) NOT NULL,
    null_distance double precision,
    effect double precision,
    p double precision,
    q double precision
);;
COMMENT ON COLUMN {prefix}mei_contrast.__m_e_i_contrast__distance.view IS ':varchar(16):clip, spatial, temporal, spectral or extent';;
COMMENT ON COLUMN {prefix}mei_contrast.__m_e_i_contrast__distance.distance IS ':float64:mean over pairs of an intact and a suppressed MEI';;
COMMENT ON COLUMN {prefix}mei_contrast.__m_e_i_contrast__distance.within IS ':float64:mean over pairs of random starts in one light';;
COMMENT ON COLUMN {prefix}mei_contrast.__m_e_i_contrast__distance.null_kind IS ':varchar(16):shuffled or starts: what p refers to';;
COMMENT ON COLUMN {prefix}mei_contrast.__m_e_i_contrast__distance.null_distance IS ':float64:the null''s mean';;
COMMENT ON COLUMN {prefix}mei_contrast.__m_e_i_contrast__distance.effect IS ':float64:excess over the null, in its standard deviations';;
COMMENT ON COLUMN {prefix}mei_contrast.__m_e_i_contrast__distance.p IS ':float64:';;
COMMENT ON COLUMN {prefix}mei_contrast.__m_e_i_contrast__distance.q IS ':float64:false-discovery rate over the fit''s units (Benjamini and Hochberg 1995)';;
CREATE TABLE {prefix}mei_contrast.__m_e_i_contrast__unit (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    mei_hash character(32) NOT NULL,
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    unit integer NOT NULL,
    starts integer NOT NULL,
    intact_extent_px double precision NOT NULL,
    suppressed_extent_px double precision NOT NULL,
    intact_hz double precision NOT NULL,
    suppressed_hz double precision NOT NULL
);;
COMMENT ON COLUMN {prefix}mei_contrast.__m_e_i_contrast__unit.starts IS ':int32:of the light that has fewer';;
COMMENT ON COLUMN {prefix}mei_contrast.__m_e_i_contrast__unit.intact_extent_px IS ':float64:radius of the energy';;
COMMENT ON COLUMN {prefix}mei_contrast.__m_e_i_contrast__unit.suppressed_extent_px IS ':float64:';;
COMMENT ON COLUMN {prefix}mei_contrast.__m_e_i_contrast__unit.intact_hz IS ':float64:what the model says to the intact MEI with the light off';;
COMMENT ON COLUMN {prefix}mei_contrast.__m_e_i_contrast__unit.suppressed_hz IS ':float64:and to the suppressed one with the light on';;
CREATE TABLE {prefix}mei_contrast."~lineage" (
    table_name character varying(64) NOT NULL,
    attribute_name character varying(64) NOT NULL,
    lineage character varying(255) NOT NULL
);;
CREATE TABLE {prefix}mei_contrast."~~m_e_i_contrast" (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    mei_hash character(32) NOT NULL,
    status {prefix}mei_contrast.enum_609a743e NOT NULL,
    priority smallint NOT NULL,
    created_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    scheduled_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    reserved_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    completed_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    duration double precision,
    error_message character varying(2047) DEFAULT ''::character varying NOT NULL,
    error_stack bytea,
    "user" character varying(255) DEFAULT ''::character varying NOT NULL,
    host character varying(255) DEFAULT ''::character varying NOT NULL,
    pid integer DEFAULT 0 NOT NULL,
    connection_id bigint DEFAULT '0'::bigint NOT NULL,
    version character varying(64) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}mei_contrast."~~m_e_i_contrast" IS 'Job queue for "{prefix}mei_contrast"."__m_e_i_contrast"';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast".dataset_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast".model_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast".trainer_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast".mei_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast".status IS ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast".priority IS ':int8:';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast".created_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast".scheduled_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast".reserved_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast".completed_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast".duration IS ':float64:';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast".error_message IS ':varchar(2047):';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast".error_stack IS ':<blob>:';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast"."user" IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast".host IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast".pid IS ':int32:';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast".connection_id IS ':int64:';;
COMMENT ON COLUMN {prefix}mei_contrast."~~m_e_i_contrast".version IS ':varchar(64):';;
CREATE TABLE {prefix}mei_control.__m_e_i_control (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    mei_hash character(32) NOT NULL,
    judges integer NOT NULL
);;
COMMENT ON TABLE {prefix}mei_control.__m_e_i_control IS 'controls of the MEIs of a fitted model';;
COMMENT ON COLUMN {prefix}mei_control.__m_e_i_control.judges IS ':int32:fits that took no part in the synthesis';;
CREATE TABLE {prefix}mei_control.__m_e_i_control__stimulus (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    mei_hash character(32) NOT NULL,
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    unit integer NOT NULL,
    opto_condition character varying(16) NOT NULL,
    control character varying(16) NOT NULL,
    stimulus jsonb NOT NULL,
    parameters jsonb NOT NULL,
    norm double precision NOT NULL,
    intact_hz double precision NOT NULL,
    suppressed_hz double precision NOT NULL,
    judged_intact_hz double precision,
    judged_suppressed_hz double precision
);;
COMMENT ON COLUMN {prefix}mei_control.__m_e_i_control__stimulus.control IS ':varchar(16):mei, natural, grating, linear_field, another_unit or phase_scrambled';;
COMMENT ON COLUMN {prefix}mei_control.__m_e_i_control__stimulus.stimulus IS ':<npy@main>:(time, height, width), in standard deviations of the training movies'' grey level';;
COMMENT ON COLUMN {prefix}mei_control.__m_e_i_control__stimulus.parameters IS ':json:of the best grating, number of the best clip, unit whose MEI it is';;
COMMENT ON COLUMN {prefix}mei_control.__m_e_i_control__stimulus.norm IS ':float64:L2 norm of the stimulus';;
COMMENT ON COLUMN {prefix}mei_control.__m_e_i_control__stimulus.intact_hz IS ':float64:mean rate over the scored window that the fitted model predicts, light off';;
COMMENT ON COLUMN {prefix}mei_control.__m_e_i_control__stimulus.suppressed_hz IS ':float64:the same, light on';;
COMMENT ON COLUMN {prefix}mei_control.__m_e_i_control__stimulus.judged_intact_hz IS ':float64:mean of the judges';;
COMMENT ON COLUMN {prefix}mei_control.__m_e_i_control__stimulus.judged_suppressed_hz IS ':float64:';;
CREATE TABLE {prefix}mei_control."~lineage" (
    table_name character varying(64) NOT NULL,
    attribute_name character varying(64) NOT NULL,
    lineage character varying(255) NOT NULL
);;
CREATE TABLE {prefix}mei_control."~~m_e_i_control" (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    mei_hash character(32) NOT NULL,
    status {prefix}mei_control.enum_609a743e NOT NULL,
    priority smallint NOT NULL,
    created_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    scheduled_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    reserved_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    completed_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    duration double precision,
    error_message character varying(2047) DEFAULT ''::character varying NOT NULL,
    error_stack bytea,
    "user" character varying(255) DEFAULT ''::character varying NOT NULL,
    host character varying(255) DEFAULT ''::character varying NOT NULL,
    pid integer DEFAULT 0 NOT NULL,
    connection_id bigint DEFAULT '0'::bigint NOT NULL,
    version character varying(64) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}mei_control."~~m_e_i_control" IS 'Job queue for "{prefix}mei_control"."__m_e_i_control"';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control".dataset_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control".model_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control".trainer_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control".mei_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control".status IS ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control".priority IS ':int8:';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control".created_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control".scheduled_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control".reserved_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control".completed_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control".duration IS ':float64:';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control".error_message IS ':varchar(2047):';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control".error_stack IS ':<blob>:';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control"."user" IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control".host IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control".pid IS ':int32:';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control".connection_id IS ':int64:';;
COMMENT ON COLUMN {prefix}mei_control."~~m_e_i_control".version IS ':varchar(64):';;
CREATE TABLE {prefix}model.model_config (
    model_hash character(32) NOT NULL,
    model_fn character varying(128) NOT NULL,
    model_config jsonb NOT NULL,
    model_comment character varying(256) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}model.model_config IS 'model function and its arguments';;
COMMENT ON COLUMN {prefix}model.model_config.model_hash IS ':char(32):sha256 of function and config, first 128 bits';;
COMMENT ON COLUMN {prefix}model.model_config.model_fn IS ':varchar(128):registered name, or import path of an allowed package';;
COMMENT ON COLUMN {prefix}model.model_config.model_config IS ':json:its arguments';;
COMMENT ON COLUMN {prefix}model.model_config.model_comment IS ':varchar(256):';;
CREATE TABLE {prefix}model.model_config__leaf (
    model_hash character(32) NOT NULL,
    path character varying(180) NOT NULL,
    kind {prefix}model.enum_02aea5de NOT NULL,
    value character varying(2000) NOT NULL,
    number double precision
);;
COMMENT ON TABLE {prefix}model.model_config__leaf IS 'one value of the config, for queries';;
COMMENT ON COLUMN {prefix}model.model_config__leaf.path IS ':varchar(180):where it stands, as core.channels.0';;
COMMENT ON COLUMN {prefix}model.model_config__leaf.kind IS ':enum(''null'', ''bool'', ''int'', ''float'', ''str'', ''list'', ''dict''):';;
COMMENT ON COLUMN {prefix}model.model_config__leaf.value IS ':varchar(2000):its JSON text';;
COMMENT ON COLUMN {prefix}model.model_config__leaf.number IS ':float64:its value where it is a number or a bool';;
CREATE TABLE {prefix}model."~lineage" (
    table_name character varying(64) NOT NULL,
    attribute_name character varying(64) NOT NULL,
    lineage character varying(255) NOT NULL
);;
CREATE TABLE {prefix}optogenetics."#opto_condition" (
    opto_condition character varying(16) NOT NULL,
    opto_light smallint NOT NULL
);;
COMMENT ON TABLE {prefix}optogenetics."#opto_condition" IS 'state of the feedback';;
COMMENT ON COLUMN {prefix}optogenetics."#opto_condition".opto_condition IS ':varchar(16):';;
COMMENT ON COLUMN {prefix}optogenetics."#opto_condition".opto_light IS ':int16:0 off, 1 on';;
CREATE TABLE {prefix}optogenetics.opto_epoch (
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    opto_epoch integer NOT NULL,
    on_s double precision NOT NULL,
    off_s double precision NOT NULL,
    opto_protocol character varying(32)
);;
COMMENT ON TABLE {prefix}optogenetics.opto_epoch IS 'pulse of light';;
COMMENT ON COLUMN {prefix}optogenetics.opto_epoch.opto_epoch IS ':int32:';;
COMMENT ON COLUMN {prefix}optogenetics.opto_epoch.on_s IS ':float64:';;
COMMENT ON COLUMN {prefix}optogenetics.opto_epoch.off_s IS ':float64:';;
CREATE TABLE {prefix}optogenetics.opto_protocol (
    opto_protocol character varying(32) NOT NULL,
    wavelength_nm real,
    power_mw real,
    target character varying(64) DEFAULT 'V1 layer 6'::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}optogenetics.opto_protocol IS 'how the light was given';;
COMMENT ON COLUMN {prefix}optogenetics.opto_protocol.opto_protocol IS ':varchar(32):';;
COMMENT ON COLUMN {prefix}optogenetics.opto_protocol.wavelength_nm IS ':float32:';;
COMMENT ON COLUMN {prefix}optogenetics.opto_protocol.power_mw IS ':float32:';;
COMMENT ON COLUMN {prefix}optogenetics.opto_protocol.target IS ':varchar(64):';;
CREATE TABLE {prefix}optogenetics."~lineage" (
    table_name character varying(64) NOT NULL,
    attribute_name character varying(64) NOT NULL,
    lineage character varying(255) NOT NULL
);;
CREATE TABLE {prefix}recording._recording (
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    units integer NOT NULL,
    spikes bigint NOT NULL
);;
COMMENT ON TABLE {prefix}recording._recording IS 'spikes and behaviour of a session';;
COMMENT ON COLUMN {prefix}recording._recording.units IS ':int32:';;
COMMENT ON COLUMN {prefix}recording._recording.spikes IS ':int64:';;
CREATE TABLE {prefix}recording._recording__binned (
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    unit integer NOT NULL,
    response_sum double precision NOT NULL,
    responses jsonb NOT NULL
);;
COMMENT ON COLUMN {prefix}recording._recording__binned.response_sum IS ':float64:';;
COMMENT ON COLUMN {prefix}recording._recording__binned.responses IS ':<npy@main>:';;
CREATE TABLE {prefix}recording._recording__bins (
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    bins_s jsonb NOT NULL
);;
COMMENT ON COLUMN {prefix}recording._recording__bins.bins_s IS ':<npy@main>:(bin, start and stop)';;
CREATE TABLE {prefix}recording._recording__signal (
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    signal character varying(16) NOT NULL,
    signal_times_s jsonb NOT NULL,
    signal_values jsonb NOT NULL
);;
COMMENT ON COLUMN {prefix}recording._recording__signal.signal IS ':varchar(16):running, pupil_size, pupil_x or pupil_y';;
COMMENT ON COLUMN {prefix}recording._recording__signal.signal_times_s IS ':<npy@main>:';;
COMMENT ON COLUMN {prefix}recording._recording__signal.signal_values IS ':<npy@main>:NaN where missing';;
CREATE TABLE {prefix}recording._recording__spikes (
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    unit integer NOT NULL,
    spike_count integer NOT NULL,
    spike_times_s jsonb NOT NULL
);;
COMMENT ON COLUMN {prefix}recording._recording__spikes.spike_count IS ':int32:';;
COMMENT ON COLUMN {prefix}recording._recording__spikes.spike_times_s IS ':<npy@main>:';;
CREATE TABLE {prefix}recording.raw_file (
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    reader character varying(32) NOT NULL,
    raw_path character varying(512) NOT NULL,
    raw_sha256 character(64) NOT NULL,
    reader_options jsonb NOT NULL
);;
COMMENT ON TABLE {prefix}recording.raw_file IS 'raw file of a session';;
COMMENT ON COLUMN {prefix}recording.raw_file.reader IS ':varchar(32):';;
COMMENT ON COLUMN {prefix}recording.raw_file.raw_path IS ':varchar(512):';;
COMMENT ON COLUMN {prefix}recording.raw_file.raw_sha256 IS ':char(64):';;
COMMENT ON COLUMN {prefix}recording.raw_file.reader_options IS ':json:';;
CREATE TABLE {prefix}recording."~lineage" (
    table_name character varying(64) NOT NULL,
    attribute_name character varying(64) NOT NULL,
    lineage character varying(255) NOT NULL
);;
CREATE TABLE {prefix}recording."~~recording" (
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    status {prefix}recording.enum_609a743e NOT NULL,
    priority smallint NOT NULL,
    created_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    scheduled_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    reserved_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    completed_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    duration double precision,
    error_message character varying(2047) DEFAULT ''::character varying NOT NULL,
    error_stack bytea,
    "user" character varying(255) DEFAULT ''::character varying NOT NULL,
    host character varying(255) DEFAULT ''::character varying NOT NULL,
    pid integer DEFAULT 0 NOT NULL,
    connection_id bigint DEFAULT '0'::bigint NOT NULL,
    version character varying(64) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}recording."~~recording" IS 'Job queue for "{prefix}recording"."_recording"';;
COMMENT ON COLUMN {prefix}recording."~~recording".mouse IS ':varchar(64):';;
COMMENT ON COLUMN {prefix}recording."~~recording".status IS ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):';;
COMMENT ON COLUMN {prefix}recording."~~recording".priority IS ':int8:';;
COMMENT ON COLUMN {prefix}recording."~~recording".created_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}recording."~~recording".scheduled_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}recording."~~recording".reserved_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}recording."~~recording".completed_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}recording."~~recording".duration IS ':float64:';;
COMMENT ON COLUMN {prefix}recording."~~recording".error_message IS ':varchar(2047):';;
COMMENT ON COLUMN {prefix}recording."~~recording".error_stack IS ':<blob>:';;
COMMENT ON COLUMN {prefix}recording."~~recording"."user" IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}recording."~~recording".host IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}recording."~~recording".pid IS ':int32:';;
COMMENT ON COLUMN {prefix}recording."~~recording".connection_id IS ':int64:';;
COMMENT ON COLUMN {prefix}recording."~~recording".version IS ':varchar(64):';;
CREATE TABLE {prefix}search.pruned_trial (
    study_name character varying(64) NOT NULL,
    trial integer NOT NULL,
    pruned_epoch integer NOT NULL
);;
COMMENT ON TABLE {prefix}search.pruned_trial IS 'trial given up early';;
COMMENT ON COLUMN {prefix}search.pruned_trial.pruned_epoch IS ':int32:the last one that was run, from 0';;
CREATE TABLE {prefix}search.study (
    study_name character varying(64) NOT NULL,
    study_config jsonb NOT NULL,
    study_hash character(32) NOT NULL,
    study_comment character varying(256) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}search.study IS 'search for the best config';;
COMMENT ON COLUMN {prefix}search.study.study_name IS ':varchar(64):';;
COMMENT ON COLUMN {prefix}search.study.study_config IS ':json:calls of dataset, model and trainer with ranges and choices in them; seed; strategy';;
COMMENT ON COLUMN {prefix}search.study.study_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}search.study.study_comment IS ':varchar(256):';;
CREATE TABLE {prefix}search.study__trial (
    study_name character varying(64) NOT NULL,
    trial integer NOT NULL,
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    trial_values jsonb NOT NULL
);;
COMMENT ON COLUMN {prefix}search.study__trial.trial IS ':int32:from 0, in the order in which they were asked for';;
COMMENT ON COLUMN {prefix}search.study__trial.trial_values IS ':json:by path, as model.recurrent.channels';;
CREATE TABLE {prefix}search."~lineage" (
    table_name character varying(64) NOT NULL,
    attribute_name character varying(64) NOT NULL,
    lineage character varying(255) NOT NULL
);;
CREATE TABLE {prefix}session.mouse (
    mouse character varying(64) NOT NULL,
    genotype character varying(64) DEFAULT ''::character varying NOT NULL,
    opsin character varying(64) DEFAULT ''::character varying NOT NULL,
    simulated boolean NOT NULL
);;
COMMENT ON TABLE {prefix}session.mouse IS 'animal';;
COMMENT ON COLUMN {prefix}session.mouse.mouse IS ':varchar(64):the lab''s name of it, such as Ntsr1Cre_2019_0007';;
COMMENT ON COLUMN {prefix}session.mouse.genotype IS ':varchar(64):';;
COMMENT ON COLUMN {prefix}session.mouse.opsin IS ':varchar(64):what makes layer 6 sensitive to light';;
COMMENT ON COLUMN {prefix}session.mouse.simulated IS ':bool:true: no animal, an in-silico dLGN';;
CREATE TABLE {prefix}session.session (
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    session_name character varying(96) NOT NULL,
    session_date date
);;
COMMENT ON TABLE {prefix}session.session IS 'recording session';;
COMMENT ON COLUMN {prefix}session.session.series IS ':int16:';;
COMMENT ON COLUMN {prefix}session.session.experiment IS ':int16:';;
COMMENT ON COLUMN {prefix}session.session.session_name IS ':varchar(96):MOUSE_sSERIES_eEXPERIMENT';;
COMMENT ON COLUMN {prefix}session.session.session_date IS ':date:';;
CREATE TABLE {prefix}session.unit (
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    unit integer NOT NULL,
    brain_area character varying(32) DEFAULT 'dLGN'::character varying NOT NULL,
    quality real
);;
COMMENT ON TABLE {prefix}session.unit IS 'spike-sorted unit';;
COMMENT ON COLUMN {prefix}session.unit.unit IS ':int32:';;
COMMENT ON COLUMN {prefix}session.unit.brain_area IS ':varchar(32):';;
COMMENT ON COLUMN {prefix}session.unit.quality IS ':float32:the sorter''s measure, where the lab has one';;
CREATE TABLE {prefix}session."~lineage" (
    table_name character varying(64) NOT NULL,
    attribute_name character varying(64) NOT NULL,
    lineage character varying(255) NOT NULL
);;
CREATE TABLE {prefix}stimulus.frame_onsets (
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    trial integer NOT NULL,
    frame_onsets_s jsonb NOT NULL
);;
COMMENT ON TABLE {prefix}stimulus.frame_onsets IS 'measured onsets of frames';;
COMMENT ON COLUMN {prefix}stimulus.frame_onsets.frame_onsets_s IS ':<npy@main>:NaN for a frame that the screen dropped';;
CREATE TABLE {prefix}stimulus.movie (
    movie character varying(96) NOT NULL
);;
COMMENT ON TABLE {prefix}stimulus.movie IS 'movie';;
COMMENT ON COLUMN {prefix}stimulus.movie.movie IS ':varchar(96):';;
CREATE TABLE {prefix}stimulus.presentation (
    mouse character varying(64) NOT NULL,
    series smallint NOT NULL,
    experiment smallint NOT NULL,
    trial integer NOT NULL,
    movie character varying(96) NOT NULL,
    scene integer NOT NULL,
    onset_s double precision NOT NULL,
    offset_s double precision NOT NULL,
    designated_tier {prefix}stimulus.enum_85eb5b78 NOT NULL
);;
COMMENT ON TABLE {prefix}stimulus.presentation IS 'showing of a scene';;
COMMENT ON COLUMN {prefix}stimulus.presentation.trial IS ':int32:from 0, in order of onset';;
COMMENT ON COLUMN {prefix}stimulus.presentation.onset_s IS ':float64:';;
COMMENT ON COLUMN {prefix}stimulus.presentation.offset_s IS ':float64:';;
COMMENT ON COLUMN {prefix}stimulus.presentation.designated_tier IS ':enum(''train'', ''test''):what the lab meant it for';;
CREATE TABLE {prefix}stimulus.scene (
    movie character varying(96) NOT NULL,
    scene integer NOT NULL,
    scene_path character varying(512) NOT NULL,
    scene_part character varying(128) DEFAULT ''::character varying NOT NULL,
    scene_sha256 character(64) NOT NULL,
    scene_frames integer NOT NULL,
    scene_rate_hz double precision NOT NULL,
    width_px integer NOT NULL,
    height_px integer NOT NULL
);;
COMMENT ON TABLE {prefix}stimulus.scene IS 'clip of a movie';;
COMMENT ON COLUMN {prefix}stimulus.scene.scene IS ':int32:from 0, as the lab''s scene_id';;
COMMENT ON COLUMN {prefix}stimulus.scene.scene_path IS ':varchar(512):';;
COMMENT ON COLUMN {prefix}stimulus.scene.scene_part IS ':varchar(128):where in that file; empty for a video file of its own';;
COMMENT ON COLUMN {prefix}stimulus.scene.scene_sha256 IS ':char(64):';;
COMMENT ON COLUMN {prefix}stimulus.scene.scene_frames IS ':int32:';;
COMMENT ON COLUMN {prefix}stimulus.scene.scene_rate_hz IS ':float64:';;
COMMENT ON COLUMN {prefix}stimulus.scene.width_px IS ':int32:';;
COMMENT ON COLUMN {prefix}stimulus.scene.height_px IS ':int32:';;
CREATE TABLE {prefix}stimulus."~lineage" (
    table_name character varying(64) NOT NULL,
    attribute_name character varying(64) NOT NULL,
    lineage character varying(255) NOT NULL
);;
CREATE TABLE {prefix}trainer.seed (
    seed bigint NOT NULL
);;
COMMENT ON TABLE {prefix}trainer.seed IS 'random seed of a fit';;
COMMENT ON COLUMN {prefix}trainer.seed.seed IS ':int64:';;
CREATE TABLE {prefix}trainer.trainer_config (
    trainer_hash character(32) NOT NULL,
    trainer_fn character varying(128) NOT NULL,
    trainer_config jsonb NOT NULL,
    trainer_comment character varying(256) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}trainer.trainer_config IS 'trainer function and its arguments';;
COMMENT ON COLUMN {prefix}trainer.trainer_config.trainer_hash IS ':char(32):sha256 of function and config, first 128 bits';;
COMMENT ON COLUMN {prefix}trainer.trainer_config.trainer_fn IS ':varchar(128):registered name, or import path of an allowed package';;
COMMENT ON COLUMN {prefix}trainer.trainer_config.trainer_config IS ':json:its arguments';;
COMMENT ON COLUMN {prefix}trainer.trainer_config.trainer_comment IS ':varchar(256):';;
CREATE TABLE {prefix}trainer.trainer_config__leaf (
    trainer_hash character(32) NOT NULL,
    path character varying(180) NOT NULL,
    kind {prefix}trainer.enum_02aea5de NOT NULL,
    value character varying(2000) NOT NULL,
    number double precision
);;
COMMENT ON TABLE {prefix}trainer.trainer_config__leaf IS 'one value of the config, for queries';;
COMMENT ON COLUMN {prefix}trainer.trainer_config__leaf.path IS ':varchar(180):where it stands, as core.channels.0';;
COMMENT ON COLUMN {prefix}trainer.trainer_config__leaf.kind IS ':enum(''null'', ''bool'', ''int'', ''float'', ''str'', ''list'', ''dict''):';;
COMMENT ON COLUMN {prefix}trainer.trainer_config__leaf.value IS ':varchar(2000):its JSON text';;
COMMENT ON COLUMN {prefix}trainer.trainer_config__leaf.number IS ':float64:its value where it is a number or a bool';;
CREATE TABLE {prefix}trainer."~lineage" (
    table_name character varying(64) NOT NULL,
    attribute_name character varying(64) NOT NULL,
    lineage character varying(255) NOT NULL
);;
CREATE TABLE {prefix}training.__trained_model (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    score double precision NOT NULL,
    output jsonb NOT NULL,
    parameters bigint NOT NULL,
    weights_sha256 character(64) NOT NULL,
    device character varying(64) NOT NULL,
    versions jsonb NOT NULL,
    fit_seconds double precision NOT NULL
);;
COMMENT ON TABLE {prefix}training.__trained_model IS 'fitted model';;
COMMENT ON COLUMN {prefix}training.__trained_model.score IS ':float64:what the trainer returned: mean validation correlation';;
COMMENT ON COLUMN {prefix}training.__trained_model.output IS ':json:what the trainer recorded, an entry an epoch';;
COMMENT ON COLUMN {prefix}training.__trained_model.parameters IS ':int64:';;
COMMENT ON COLUMN {prefix}training.__trained_model.weights_sha256 IS ':char(64):names the safetensors file below the store';;
COMMENT ON COLUMN {prefix}training.__trained_model.device IS ':varchar(64):';;
COMMENT ON COLUMN {prefix}training.__trained_model.versions IS ':json:of dlgn_cnn and torch';;
COMMENT ON COLUMN {prefix}training.__trained_model.fit_seconds IS ':float64:';;
CREATE TABLE {prefix}training."~lineage" (
    table_name character varying(64) NOT NULL,
    attribute_name character varying(64) NOT NULL,
    lineage character varying(255) NOT NULL
);;
CREATE TABLE {prefix}training."~~trained_model" (
    dataset_hash character(32) NOT NULL,
    model_hash character(32) NOT NULL,
    trainer_hash character(32) NOT NULL,
    seed bigint NOT NULL,
    status {prefix}training.enum_609a743e NOT NULL,
    priority smallint NOT NULL,
    created_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    scheduled_time timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    reserved_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    completed_time timestamp(3) without time zone DEFAULT NULL::timestamp without time zone,
    duration double precision,
    error_message character varying(2047) DEFAULT ''::character varying NOT NULL,
    error_stack bytea,
    "user" character varying(255) DEFAULT ''::character varying NOT NULL,
    host character varying(255) DEFAULT ''::character varying NOT NULL,
    pid integer DEFAULT 0 NOT NULL,
    connection_id bigint DEFAULT '0'::bigint NOT NULL,
    version character varying(64) DEFAULT ''::character varying NOT NULL
);;
COMMENT ON TABLE {prefix}training."~~trained_model" IS 'Job queue for "{prefix}training"."__trained_model"';;
COMMENT ON COLUMN {prefix}training."~~trained_model".dataset_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}training."~~trained_model".model_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}training."~~trained_model".trainer_hash IS ':char(32):';;
COMMENT ON COLUMN {prefix}training."~~trained_model".status IS ':enum(''pending'', ''reserved'', ''success'', ''error'', ''ignore''):';;
COMMENT ON COLUMN {prefix}training."~~trained_model".priority IS ':int8:';;
COMMENT ON COLUMN {prefix}training."~~trained_model".created_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}training."~~trained_model".scheduled_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}training."~~trained_model".reserved_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}training."~~trained_model".completed_time IS ':datetime(3):';;
COMMENT ON COLUMN {prefix}training."~~trained_model".duration IS ':float64:';;
COMMENT ON COLUMN {prefix}training."~~trained_model".error_message IS ':varchar(2047):';;
COMMENT ON COLUMN {prefix}training."~~trained_model".error_stack IS ':<blob>:';;
COMMENT ON COLUMN {prefix}training."~~trained_model"."user" IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}training."~~trained_model".host IS ':varchar(255):';;
COMMENT ON COLUMN {prefix}training."~~trained_model".pid IS ':int32:';;
COMMENT ON COLUMN {prefix}training."~~trained_model".connection_id IS ':int64:';;
COMMENT ON COLUMN {prefix}training."~~trained_model".version IS ':varchar(64):';;
INSERT INTO {prefix}dataset.__dataset VALUES
	('719b23223fc9885c75c8d231c40c8f8d', 'd320be6524c208d8f1e80599a806ba79cf13d008ba29157baff5979536b21fdc', 9);;
INSERT INTO {prefix}dataset.__dataset__session VALUES
	('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 'datasets/3fc7456d12ce37d265455ca1d928d8d9/Simulated_2026_0001_s01_e01', 'd74167d5b13fafb722ce4b4bdd5de8c01a7984dc694fbe50999eee34f096c1f3');;
INSERT INTO {prefix}dataset.__dataset__split VALUES
	('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 4, 'train'),
	('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 3, 'train'),
	('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 6, 'test'),
	('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 8, 'test'),
	('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 7, 'test'),
	('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 0, 'validation'),
	('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 1, 'train'),
	('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 5, 'train'),
	('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001_s01_e01', 2, 'validation');;
INSERT INTO {prefix}dataset.__dataset__unit VALUES
	('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, 0, 4.5),
	('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, 1, 13.5);;
INSERT INTO {prefix}dataset.dataset_config VALUES
	('719b23223fc9885c75c8d231c40c8f8d', 'stored_sessions', '{"size_px": [18, 32], "sessions": ["Simulated_2026_0001_s01_e01"], "batch_size": 2, "window_frames": 40, "validation_share": 0.34}', 'a comment');;
INSERT INTO {prefix}dataset.dataset_config__leaf VALUES
	('719b23223fc9885c75c8d231c40c8f8d', 'batch_size', 'int', '2', 2),
	('719b23223fc9885c75c8d231c40c8f8d', 'sessions.0', 'str', '"Simulated_2026_0001_s01_e01"', NULL),
	('719b23223fc9885c75c8d231c40c8f8d', 'size_px.0', 'int', '18', 18),
	('719b23223fc9885c75c8d231c40c8f8d', 'size_px.1', 'int', '32', 32),
	('719b23223fc9885c75c8d231c40c8f8d', 'validation_share', 'float', '0.34', 0.34),
	('719b23223fc9885c75c8d231c40c8f8d', 'window_frames', 'int', '40', 40);;
INSERT INTO {prefix}dataset.dataset_config__session VALUES
	('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1);;
INSERT INTO {prefix}dataset."~lineage" VALUES
	('dataset_config', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('dataset_config__leaf', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('dataset_config__leaf', 'path', '{prefix}dataset.dataset_config__leaf.path'),
	('dataset_config__session', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('dataset_config__session', 'mouse', '{prefix}session.mouse.mouse'),
	('dataset_config__session', 'series', '{prefix}session.session.series'),
	('dataset_config__session', 'experiment', '{prefix}session.session.experiment'),
	('__dataset', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__dataset__session', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__dataset__session', 'mouse', '{prefix}session.mouse.mouse'),
	('__dataset__session', 'series', '{prefix}session.session.series'),
	('__dataset__session', 'experiment', '{prefix}session.session.experiment'),
	('__dataset__split', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__dataset__split', 'movie', '{prefix}stimulus.movie.movie'),
	('__dataset__split', 'scene', '{prefix}stimulus.scene.scene'),
	('__dataset__unit', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__dataset__unit', 'mouse', '{prefix}session.mouse.mouse'),
	('__dataset__unit', 'series', '{prefix}session.session.series'),
	('__dataset__unit', 'experiment', '{prefix}session.session.experiment'),
	('__dataset__unit', 'unit', '{prefix}session.unit.unit'),
	('~~dataset', 'dataset_hash', '{prefix}dataset.~~dataset.dataset_hash');;
INSERT INTO {prefix}ensemble.__ensemble_score VALUES
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', -0.05616670445612973);;
INSERT INTO {prefix}ensemble.__ensemble_score__condition VALUES
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, 'validation', 'all', 90, 0.016984983798809316, 0.005261801821770532, 0.0411028493619342, -0.4503838099048124, -0.5061483576644741, -0.41320744473170457, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, 'validation', 'intact', 17, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, 'validation', 'suppressed', 73, -0.010133203145444681, -0.07012213367317942, 0.0411028493619342, -0.4667554580079429, -0.5061483576644741, -0.4404935249035887, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, 'test', 'all', 135, -0.013690505765528691, -0.19386566036882052, 0.23827374569220425, -0.08576277930214658, -1.1336253948762682, 0.44184676898586545, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, 'test', 'intact', 74, 0.16993868261350958, NULL, NULL, -0.9101435822157093, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, 'test', 'suppressed', 61, 0.031855080097506636, -0.18059943319177732, 0.031908245757259826, 0.13906834876518873, -0.22859866899581077, 0.1758350505412887, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, 'validation', 'all', 90, 0.32866684707341237, NULL, NULL, 0.944515563915565, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, 'validation', 'intact', 17, 0.12584743186629035, NULL, NULL, -0.11681290148192287, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, 'validation', 'suppressed', 73, 0.19279322954723563, NULL, NULL, 3.0671724947105403, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, 'test', 'all', 135, -0.09864290314673077, -0.1876635779466924, 0.1557065178301011, -0.32386888450366375, -0.3508559871903187, -0.28744018836044105, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, 'test', 'intact', 74, -0.04303447670311631, -0.18766357794669863, 0.052764576622843555, -0.23963814030857278, -0.28744018836044105, -0.1440340442048362, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, 'test', 'suppressed', 61, -0.1637909011405158, NULL, NULL, -0.3960666652423132, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);;
INSERT INTO {prefix}ensemble.__ensemble_score__member VALUES
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0),
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1);;
INSERT INTO {prefix}ensemble.__ensemble_score__unit VALUES
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, -0.013690505765528691),
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, -0.09864290314673077);;
INSERT INTO {prefix}ensemble.ensemble VALUES
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', 2, '');;
INSERT INTO {prefix}ensemble.ensemble__member VALUES
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0),
	('67da4fd241b5e4e3f16afc974de92482', '719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1);;
INSERT INTO {prefix}ensemble."~lineage" VALUES
	('ensemble', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('ensemble', 'ensemble_hash', '{prefix}ensemble.ensemble.ensemble_hash'),
	('ensemble__member', 'ensemble_hash', '{prefix}ensemble.ensemble.ensemble_hash'),
	('ensemble__member', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('ensemble__member', 'model_hash', '{prefix}model.model_config.model_hash'),
	('ensemble__member', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('ensemble__member', 'seed', '{prefix}trainer.seed.seed'),
	('__ensemble_score', 'ensemble_hash', '{prefix}ensemble.ensemble.ensemble_hash'),
	('__ensemble_score', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__ensemble_score__unit', 'ensemble_hash', '{prefix}ensemble.ensemble.ensemble_hash'),
	('__ensemble_score__unit', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__ensemble_score__unit', 'mouse', '{prefix}session.mouse.mouse'),
	('__ensemble_score__unit', 'series', '{prefix}session.session.series'),
	('__ensemble_score__unit', 'experiment', '{prefix}session.session.experiment'),
	('__ensemble_score__unit', 'unit', '{prefix}session.unit.unit'),
	('__ensemble_score__condition', 'ensemble_hash', '{prefix}ensemble.ensemble.ensemble_hash'),
	('__ensemble_score__condition', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__ensemble_score__condition', 'mouse', '{prefix}session.mouse.mouse'),
	('__ensemble_score__condition', 'series', '{prefix}session.session.series'),
	('__ensemble_score__condition', 'experiment', '{prefix}session.session.experiment'),
	('__ensemble_score__condition', 'unit', '{prefix}session.unit.unit'),
	('__ensemble_score__condition', 'tier', '{prefix}ensemble.__ensemble_score__condition.tier'),
	('__ensemble_score__condition', 'light', '{prefix}ensemble.__ensemble_score__condition.light'),
	('__ensemble_score__member', 'ensemble_hash', '{prefix}ensemble.ensemble.ensemble_hash'),
	('__ensemble_score__member', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__ensemble_score__member', 'model_hash', '{prefix}model.model_config.model_hash'),
	('__ensemble_score__member', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('__ensemble_score__member', 'seed', '{prefix}trainer.seed.seed'),
	('~~ensemble_score', 'ensemble_hash', '{prefix}ensemble.~~ensemble_score.ensemble_hash');;
INSERT INTO {prefix}evaluation.__feedback_modulation VALUES
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0);;
INSERT INTO {prefix}evaluation.__feedback_modulation__unit VALUES
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 1.978021978021978, 7.164179104477612, 0.5672766415500538, 0.1364, 0.2728, 5.266908645629883, 5.266908645629883, 0, NULL, NULL, 0.4771241830065359, 0.07732019961201825),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 14.505494505494505, 10.298507462686567, -0.16960920452291214, 0.7084, 0.7084, 14.210165023803711, 14.210165023803711, 0, NULL, NULL, 0.4258675078864353, 0.01770765959644),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, 1.978021978021978, 7.164179104477612, 0.5672766415500538, 0.1446, 0.2892, 8.61654281616211, 8.61654281616211, 0, NULL, NULL, 0.4771241830065359, -0.21385814527843644),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, 14.505494505494505, 10.298507462686567, -0.16960920452291214, 0.7204, 0.7204, 9.531967163085938, 9.531967163085938, 0, NULL, NULL, 0.4258675078864353, 0.06394355735000491);;
INSERT INTO {prefix}evaluation.__input_gain VALUES
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0);;
INSERT INTO {prefix}evaluation.__input_gain__unit VALUES
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 0.29384740809756316, 2.498001805406602e-16, 0, 0),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 0.18124251112179585, -9.71445146547012e-17, 0, 0),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, 0.025018419824444457, -8.326672684688674e-17, 0, 0),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, -0.27985649660869805, 8.326672684688674e-17, 0, 0);;
INSERT INTO {prefix}evaluation.__receptive_field VALUES
	('719b23223fc9885c75c8d231c40c8f8d');;
INSERT INTO {prefix}evaluation.__receptive_field__unit VALUES
	('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 1, '{"path": "_schema/{prefix}evaluation/__receptive_field__unit/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/field_oZomWNV3.npy", "dtype": "float32", "shape": [15, 18, 32], "store": "main"}'),
	('719b23223fc9885c75c8d231c40c8f8d', 'Simulated_2026_0001', 1, 1, 2, '{"path": "_schema/{prefix}evaluation/__receptive_field__unit/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/mouse=Simulated_2026_0001/series=1/experiment=1/unit=2/field_2hmPbiwo.npy", "dtype": "float32", "shape": [15, 18, 32], "store": "main"}');;
INSERT INTO {prefix}evaluation.__score VALUES
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 0.09885950765964746),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, -0.08510822822002384);;
INSERT INTO {prefix}evaluation.__score__condition VALUES
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 'validation', 'all', 90, -0.30005678128400604, -0.3632048088902983, -0.048747691666326275, -0.8092454254709182, -1.185980043478672, -0.2441434984592879, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 'validation', 'intact', 17, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 'validation', 'suppressed', 73, -0.30807274601614, -0.36663014417182815, -0.048747691666326275, -0.7033910007543838, -1.0095560022844476, -0.2441434984592879, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 'test', 'all', 135, 0.12692905922625528, -0.2607553153995033, 0.1515287727741562, 0.09229400558345352, -0.000559168765982859, 0.2897802954447548, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 'test', 'intact', 74, -0.045713665541908005, NULL, NULL, 0.10656383660128853, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 'test', 'suppressed', 61, 0.03836959011300671, -0.07288124648204371, 0.08170480836800867, 0.08840223348768035, -0.03158872065705941, 0.10040132890215434, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 'validation', 'all', 90, 0.22088033868040086, NULL, NULL, 0.15515720493196916, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 'validation', 'intact', 17, 0.5773796702736473, NULL, NULL, 0.26410622606536815, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 'validation', 'suppressed', 73, -0.05579222869608146, NULL, NULL, -0.06274083733482877, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 'test', 'all', 135, 0.07078995609303963, -0.31284114649578804, 0.10004805733995865, 0.032411457692492714, -0.11145091960574097, 0.08197959403891156, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 'test', 'intact', 74, -0.07813570507416709, -0.36319454702574744, -0.05022598979049342, -0.026347713683758336, -0.11423995652202813, 0.017598407735376558, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 'test', 'suppressed', 61, 0.15340679463346857, NULL, NULL, 0.08277646172927933, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, 'validation', 'all', 90, 0.05305774885763216, 0.04576565128477423, 0.05305774885763216, -0.733485369780825, -1.0216499324618484, -0.5413756613268093, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, 'validation', 'intact', 17, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, 'validation', 'suppressed', 73, 0.027481755156404778, -0.023231235182666572, 0.04576565128477423, -0.8720830977911865, -1.0216499324618484, -0.7723718746774121, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, 'test', 'all', 135, -0.06913891567342861, -0.18170885476203386, 0.24952052123763563, -1.550499033936449, -3.152780436531733, 0.3738775983065389, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, 'test', 'intact', 74, 0.1697336697825919, NULL, NULL, -2.8129397968715417, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, 'test', 'suppressed', 61, -0.02420970440670284, -0.18122959392075644, 0.10757753844660271, -1.2061970076814232, -1.2622522763821622, -0.6456443206740352, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, 'validation', 'all', 90, 0.28937877487263597, NULL, NULL, 0.9958912389647819, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, 'validation', 'intact', 17, 0.036120301896104434, NULL, NULL, -0.6750153792518375, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, 'validation', 'suppressed', 73, 0.20223084849135806, NULL, NULL, 4.337704475398022, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, 'test', 'all', 135, -0.10107754076661905, -0.14167645455986916, 0.20123399523965968, -5.527719748591647, -11.845994978780062, -0.7254556432639304, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, 'test', 'intact', 74, -0.03208698136200254, -0.0326796117564672, 0.11064609736909264, -8.032727270125955, -11.845994978780062, -0.406191852817738, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, 'test', 'suppressed', 61, -0.18635265776049684, NULL, NULL, -3.380570444419384, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);;
INSERT INTO {prefix}evaluation.__score__unit VALUES
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 1, 0.12692905922625528),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'Simulated_2026_0001', 1, 1, 2, 0.07078995609303963),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 1, -0.06913891567342861),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'Simulated_2026_0001', 1, 1, 2, -0.10107754076661905);;
INSERT INTO {prefix}evaluation."~lineage" VALUES
	('__score', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__score', 'model_hash', '{prefix}model.model_config.model_hash'),
	('__score', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('__score', 'seed', '{prefix}trainer.seed.seed'),
	('__score__unit', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__score__unit', 'model_hash', '{prefix}model.model_config.model_hash'),
	('__score__unit', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('__score__unit', 'seed', '{prefix}trainer.seed.seed'),
	('__score__unit', 'mouse', '{prefix}session.mouse.mouse'),
	('__score__unit', 'series', '{prefix}session.session.series'),
	('__score__unit', 'experiment', '{prefix}session.session.experiment'),
	('__score__unit', 'unit', '{prefix}session.unit.unit'),
	('__score__condition', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__score__condition', 'model_hash', '{prefix}model.model_config.model_hash'),
	('__score__condition', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('__score__condition', 'seed', '{prefix}trainer.seed.seed'),
	('__score__condition', 'mouse', '{prefix}session.mouse.mouse'),
	('__score__condition', 'series', '{prefix}session.session.series'),
	('__score__condition', 'experiment', '{prefix}session.session.experiment'),
	('__score__condition', 'unit', '{prefix}session.unit.unit'),
	('__score__condition', 'tier', '{prefix}evaluation.__score__condition.tier'),
	('__score__condition', 'light', '{prefix}evaluation.__score__condition.light'),
	('__feedback_modulation', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__feedback_modulation', 'model_hash', '{prefix}model.model_config.model_hash'),
	('__feedback_modulation', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('__feedback_modulation', 'seed', '{prefix}trainer.seed.seed'),
	('__feedback_modulation__unit', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__feedback_modulation__unit', 'model_hash', '{prefix}model.model_config.model_hash'),
	('__feedback_modulation__unit', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('__feedback_modulation__unit', 'seed', '{prefix}trainer.seed.seed'),
	('__feedback_modulation__unit', 'mouse', '{prefix}session.mouse.mouse'),
	('__feedback_modulation__unit', 'series', '{prefix}session.session.series'),
	('__feedback_modulation__unit', 'experiment', '{prefix}session.session.experiment'),
	('__feedback_modulation__unit', 'unit', '{prefix}session.unit.unit'),
	('__input_gain', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__input_gain', 'model_hash', '{prefix}model.model_config.model_hash'),
	('__input_gain', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('__input_gain', 'seed', '{prefix}trainer.seed.seed'),
	('__input_gain__unit', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__input_gain__unit', 'model_hash', '{prefix}model.model_config.model_hash'),
	('__input_gain__unit', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('__input_gain__unit', 'seed', '{prefix}trainer.seed.seed'),
	('__input_gain__unit', 'mouse', '{prefix}session.mouse.mouse'),
	('__input_gain__unit', 'series', '{prefix}session.session.series'),
	('__input_gain__unit', 'experiment', '{prefix}session.session.experiment'),
	('__input_gain__unit', 'unit', '{prefix}session.unit.unit'),
	('__receptive_field', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__receptive_field__unit', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__receptive_field__unit', 'mouse', '{prefix}session.mouse.mouse'),
	('__receptive_field__unit', 'series', '{prefix}session.session.series'),
	('__receptive_field__unit', 'experiment', '{prefix}session.session.experiment'),
	('__receptive_field__unit', 'unit', '{prefix}session.unit.unit'),
	('~~receptive_field', 'dataset_hash', '{prefix}evaluation.~~receptive_field.dataset_hash'),
	('~~score', 'dataset_hash', '{prefix}evaluation.~~score.dataset_hash'),
	('~~score', 'model_hash', '{prefix}evaluation.~~score.model_hash'),
	('~~score', 'trainer_hash', '{prefix}evaluation.~~score.trainer_hash'),
	('~~score', 'seed', '{prefix}evaluation.~~score.seed'),
	('~~feedback_modulation', 'dataset_hash', '{prefix}evaluation.~~feedback_modulation.dataset_hash'),
	('~~feedback_modulation', 'model_hash', '{prefix}evaluation.~~feedback_modulation.model_hash'),
	('~~feedback_modulation', 'trainer_hash', '{prefix}evaluation.~~feedback_modulation.trainer_hash'),
	('~~feedback_modulation', 'seed', '{prefix}evaluation.~~feedback_modulation.seed'),
	('~~input_gain', 'dataset_hash', '{prefix}evaluation.~~input_gain.dataset_hash'),
	('~~input_gain', 'model_hash', '{prefix}evaluation.~~input_gain.model_hash'),
	('~~input_gain', 'trainer_hash', '{prefix}evaluation.~~input_gain.trainer_hash'),
	('~~input_gain', 'seed', '{prefix}evaluation.~~input_gain.seed');;
INSERT INTO {prefix}experiment.experiment VALUES
	('old', 'naïve');;
INSERT INTO {prefix}experiment.experiment__fit VALUES
	('old', '719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0),
	('old', '719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1);;
INSERT INTO {prefix}experiment."~lineage" VALUES
	('experiment', 'experiment_name', '{prefix}experiment.experiment.experiment_name'),
	('experiment__fit', 'experiment_name', '{prefix}experiment.experiment.experiment_name'),
	('experiment__fit', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('experiment__fit', 'model_hash', '{prefix}model.model_config.model_hash'),
	('experiment__fit', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('experiment__fit', 'seed', '{prefix}trainer.seed.seed');;
INSERT INTO {prefix}fitting.epoch VALUES
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 0, 0.4444916248321533, 0, 0.2836700975894928, -0.03958822130180255, 0.005, 95.6233549016439, 623591424, 0.05062846800137777, '2026-11-26 06:59:24.687406'),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 0, 0.5043303370475769, 0, 0.26278629899024963, 0.1712182618651343, 0.005, 207.83375294913367, 635486208, 0.020761980000315816, '2026-11-26 06:59:25.654502');;
INSERT INTO {prefix}fitting."~lineage" VALUES
	('epoch', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('epoch', 'model_hash', '{prefix}model.model_config.model_hash'),
	('epoch', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('epoch', 'seed', '{prefix}trainer.seed.seed'),
	('epoch', 'epoch', '{prefix}fitting.epoch.epoch'),
	('checkpoint', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('checkpoint', 'model_hash', '{prefix}model.model_config.model_hash'),
	('checkpoint', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('checkpoint', 'seed', '{prefix}trainer.seed.seed'),
	('checkpoint', 'serial', '{prefix}fitting.checkpoint.serial');;
INSERT INTO {prefix}fleet.standing_order VALUES
	('gpu3', 'MEI', 'pause', '2026-11-26 06:59:26.988');;
INSERT INTO {prefix}fleet.worker VALUES
	('280be25f356e4642ade17333c96e995d', 'vm', 19877, 'cpu', 'ended', '2026-11-26 06:59:19.44', '2026-11-26 06:59:24.555', '2026-11-26 07:00:24.555', '2026-11-26 06:59:19.44', '');;
INSERT INTO {prefix}fleet."~lineage" VALUES
	('worker', 'worker_id', '{prefix}fleet.worker.worker_id'),
	('lease', 'worker_id', '{prefix}fleet.worker.worker_id'),
	('lease', 'token', '{prefix}fleet.lease.token'),
	('attempt', 'table_name', '{prefix}fleet.attempt.table_name'),
	('attempt', 'key_hash', '{prefix}fleet.attempt.key_hash'),
	('attempt', 'ended', '{prefix}fleet.attempt.ended'),
	('standing_order', 'host', '{prefix}fleet.standing_order.host'),
	('standing_order', 'table_name', '{prefix}fleet.standing_order.table_name');;
INSERT INTO {prefix}mei.__m_e_i VALUES
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 4),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 4);;
INSERT INTO {prefix}mei.__m_e_i__stimulus VALUES
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'intact', 0, '{"path": "_schema/{prefix}mei/__m_e_i__stimulus/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/model_hash=6b245e4a3a592867f8b40f018d0f3fdb/trainer_hash=f418b1a92418cf1fd3a4de4aaef631bf/seed=1/mei_hash=ee6dd239ef55506a3d0960908ceb39bf/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/opto_condition=intact/mei_seed=0/stimulus_ZYZpnLTT.npy", "dtype": "float32", "shape": [40, 18, 32], "store": "main"}', 0.313569575548172, 18.814172744750977, 18.814172744750977, 22.76839828491211, -2.1819467544555664, 3.0297775268554688, 5),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'intact', 1, '{"path": "_schema/{prefix}mei/__m_e_i__stimulus/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/model_hash=6b245e4a3a592867f8b40f018d0f3fdb/trainer_hash=f418b1a92418cf1fd3a4de4aaef631bf/seed=1/mei_hash=ee6dd239ef55506a3d0960908ceb39bf/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/opto_condition=intact/mei_seed=1/stimulus_0o3Fym3H.npy", "dtype": "float32", "shape": [40, 18, 32], "store": "main"}', 0.31427037715911865, 18.856220841407776, 18.856220841407776, 22.76839828491211, -2.1476385593414307, 2.957801342010498, 5),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'suppressed', 0, '{"path": "_schema/{prefix}mei/__m_e_i__stimulus/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/model_hash=6b245e4a3a592867f8b40f018d0f3fdb/trainer_hash=f418b1a92418cf1fd3a4de4aaef631bf/seed=1/mei_hash=ee6dd239ef55506a3d0960908ceb39bf/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/opto_condition=suppressed/mei_seed=0/stimulus_Koa_HyFi.npy", "dtype": "float32", "shape": [40, 18, 32], "store": "main"}', 0.313569575548172, 18.814172744750977, 18.814172744750977, 22.76839828491211, -2.1819467544555664, 3.0297775268554688, 5),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'suppressed', 1, '{"path": "_schema/{prefix}mei/__m_e_i__stimulus/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/model_hash=6b245e4a3a592867f8b40f018d0f3fdb/trainer_hash=f418b1a92418cf1fd3a4de4aaef631bf/seed=1/mei_hash=ee6dd239ef55506a3d0960908ceb39bf/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/opto_condition=suppressed/mei_seed=1/stimulus_RUpjN0iN.npy", "dtype": "float32", "shape": [40, 18, 32], "store": "main"}', 0.31427037715911865, 18.856220841407776, 18.856220841407776, 22.76839828491211, -2.1476385593414307, 2.957801342010498, 5),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'intact', 0, '{"path": "_schema/{prefix}mei/__m_e_i__stimulus/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/model_hash=6b245e4a3a592867f8b40f018d0f3fdb/trainer_hash=f418b1a92418cf1fd3a4de4aaef631bf/seed=0/mei_hash=ee6dd239ef55506a3d0960908ceb39bf/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/opto_condition=intact/mei_seed=0/stimulus_VQTz_dfr.npy", "dtype": "float32", "shape": [40, 18, 32], "store": "main"}', 1.438276767730713, 86.29660606384277, 86.29660606384277, 22.76839828491211, -2.925398349761963, 1.7942860126495361, 5),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'intact', 1, '{"path": "_schema/{prefix}mei/__m_e_i__stimulus/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/model_hash=6b245e4a3a592867f8b40f018d0f3fdb/trainer_hash=f418b1a92418cf1fd3a4de4aaef631bf/seed=0/mei_hash=ee6dd239ef55506a3d0960908ceb39bf/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/opto_condition=intact/mei_seed=1/stimulus_kl2Rz9pV.npy", "dtype": "float32", "shape": [40, 18, 32], "store": "main"}', 1.4410032033920288, 86.46018505096436, 86.46018505096436, 22.768400192260742, -2.925398349761963, 1.7695850133895874, 5),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'suppressed', 0, '{"path": "_schema/{prefix}mei/__m_e_i__stimulus/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/model_hash=6b245e4a3a592867f8b40f018d0f3fdb/trainer_hash=f418b1a92418cf1fd3a4de4aaef631bf/seed=0/mei_hash=ee6dd239ef55506a3d0960908ceb39bf/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/opto_condition=suppressed/mei_seed=0/stimulus_9ai18mp-.npy", "dtype": "float32", "shape": [40, 18, 32], "store": "main"}', 1.438276767730713, 86.29660606384277, 86.29660606384277, 22.76839828491211, -2.925398349761963, 1.7942860126495361, 5),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'suppressed', 1, '{"path": "_schema/{prefix}mei/__m_e_i__stimulus/dataset_hash=719b23223fc9885c75c8d231c40c8f8d/model_hash=6b245e4a3a592867f8b40f018d0f3fdb/trainer_hash=f418b1a92418cf1fd3a4de4aaef631bf/seed=0/mei_hash=ee6dd239ef55506a3d0960908ceb39bf/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/opto_condition=suppressed/mei_seed=1/stimulus_eANnURYG.npy", "dtype": "float32", "shape": [40, 18, 32], "store": "main"}', 1.4410032033920288, 86.46018505096436, 86.46018505096436, 22.768400192260742, -2.925398349761963, 1.7695850133895874, 5);;
INSERT INTO {prefix}mei.m_e_i_config VALUES
	('ee6dd239ef55506a3d0960908ceb39bf', 'gradient_ascent', '{"seeds": [0, 1], "steps": 5, "units": [1]}', '');;
INSERT INTO {prefix}mei.m_e_i_config__leaf VALUES
	('ee6dd239ef55506a3d0960908ceb39bf', 'seeds.0', 'int', '0', 0),
	('ee6dd239ef55506a3d0960908ceb39bf', 'seeds.1', 'int', '1', 1),
	('ee6dd239ef55506a3d0960908ceb39bf', 'steps', 'int', '5', 5),
	('ee6dd239ef55506a3d0960908ceb39bf', 'units.0', 'int', '1', 1);;
INSERT INTO {prefix}mei.m_e_i_plan VALUES
	('old', 'ee6dd239ef55506a3d0960908ceb39bf');;
INSERT INTO {prefix}mei."~lineage" VALUES
	('m_e_i_config', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
	('m_e_i_config__leaf', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
	('m_e_i_config__leaf', 'path', '{prefix}mei.m_e_i_config__leaf.path'),
	('m_e_i_plan', 'experiment_name', '{prefix}experiment.experiment.experiment_name'),
	('m_e_i_plan', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
	('__m_e_i', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__m_e_i', 'model_hash', '{prefix}model.model_config.model_hash'),
	('__m_e_i', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('__m_e_i', 'seed', '{prefix}trainer.seed.seed'),
	('__m_e_i', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
	('__m_e_i__stimulus', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__m_e_i__stimulus', 'model_hash', '{prefix}model.model_config.model_hash'),
	('__m_e_i__stimulus', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('__m_e_i__stimulus', 'seed', '{prefix}trainer.seed.seed'),
	('__m_e_i__stimulus', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
	('__m_e_i__stimulus', 'mouse', '{prefix}session.mouse.mouse'),
	('__m_e_i__stimulus', 'series', '{prefix}session.session.series'),
	('__m_e_i__stimulus', 'experiment', '{prefix}session.session.experiment'),
	('__m_e_i__stimulus', 'unit', '{prefix}session.unit.unit'),
	('__m_e_i__stimulus', 'opto_condition', '{prefix}optogenetics.#opto_condition.opto_condition'),
	('__m_e_i__stimulus', 'mei_seed', '{prefix}mei.__m_e_i__stimulus.mei_seed'),
	('~~m_e_i', 'dataset_hash', '{prefix}mei.~~m_e_i.dataset_hash'),
	('~~m_e_i', 'model_hash', '{prefix}mei.~~m_e_i.model_hash'),
	('~~m_e_i', 'trainer_hash', '{prefix}mei.~~m_e_i.trainer_hash'),
	('~~m_e_i', 'seed', '{prefix}mei.~~m_e_i.seed'),
	('~~m_e_i', 'mei_hash', '{prefix}mei.~~m_e_i.mei_hash');;
INSERT INTO {prefix}mei_contrast.__m_e_i_contrast VALUES
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 0),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 0);;
INSERT INTO {prefix}mei_contrast.__m_e_i_contrast__distance VALUES
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'clip', 0.007412842048009571, 0.014825684096019032, 'starts', 0.009883789397346058, -0.7071067811865474, 1, 1),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'spatial', 0.00010529376334833529, 0.00021058752669667058, 'starts', 0.00014039168446444705, -0.7071067811865475, 1, 1),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'temporal', 9.468747213198236e-05, 0.00018937494426396473, 'starts', 0.00012624996284264314, -0.7071067811865472, 1, 1),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'spectral', 0.0025724664176259293, 0.005144932835251748, 'starts', 0.003429955223501202, -0.7071067811865476, 1, 1),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'extent', 0.003011818100329078, 0.006023636200658156, 'starts', 0.004015757467105437, -0.7071067811865474, 1, 1),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'clip', 0.0056490549525013145, 0.011298109905002574, 'starts', 0.007532073270001734, -0.7071067811865474, 1, 1),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'spatial', 7.835597669059169e-05, 0.00015671195338118338, 'starts', 0.00010447463558745558, -0.7071067811865474, 1, 1),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'temporal', 0.00020199219656474865, 0.0004039843931294973, 'starts', 0.0002693229287529982, -0.7071067811865474, 1, 1),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'spectral', 0.0019032877495248346, 0.0038065754990493916, 'starts', 0.0025377169993663538, -0.7071067811865478, 1, 1),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 'extent', 0.0039892184671800335, 0.007978436934360067, 'starts', 0.005318957956240045, -0.7071067811865475, 1, 1);;
INSERT INTO {prefix}mei_contrast.__m_e_i_contrast__unit VALUES
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 2, 2.656328424490412, 2.656328424490412, 86.37839555740356, 86.37839555740356),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, 'ee6dd239ef55506a3d0960908ceb39bf', 'Simulated_2026_0001', 1, 1, 1, 2, 2.74170350095305, 2.74170350095305, 18.835196793079376, 18.835196793079376);;
INSERT INTO {prefix}mei_contrast."~lineage" VALUES
	('__m_e_i_contrast', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__m_e_i_contrast', 'model_hash', '{prefix}model.model_config.model_hash'),
	('__m_e_i_contrast', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('__m_e_i_contrast', 'seed', '{prefix}trainer.seed.seed'),
	('__m_e_i_contrast', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
	('__m_e_i_contrast__unit', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__m_e_i_contrast__unit', 'model_hash', '{prefix}model.model_config.model_hash'),
	('__m_e_i_contrast__unit', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('__m_e_i_contrast__unit', 'seed', '{prefix}trainer.seed.seed'),
	('__m_e_i_contrast__unit', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
	('__m_e_i_contrast__unit', 'mouse', '{prefix}session.mouse.mouse'),
	('__m_e_i_contrast__unit', 'series', '{prefix}session.session.series'),
	('__m_e_i_contrast__unit', 'experiment', '{prefix}session.session.experiment'),
	('__m_e_i_contrast__unit', 'unit', '{prefix}session.unit.unit'),
	('__m_e_i_contrast__distance', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__m_e_i_contrast__distance', 'model_hash', '{prefix}model.model_config.model_hash'),
	('__m_e_i_contrast__distance', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('__m_e_i_contrast__distance', 'seed', '{prefix}trainer.seed.seed'),
	('__m_e_i_contrast__distance', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
	('__m_e_i_contrast__distance', 'mouse', '{prefix}session.mouse.mouse'),
	('__m_e_i_contrast__distance', 'series', '{prefix}session.session.series'),
	('__m_e_i_contrast__distance', 'experiment', '{prefix}session.session.experiment'),
	('__m_e_i_contrast__distance', 'unit', '{prefix}session.unit.unit'),
	('__m_e_i_contrast__distance', 'view', '{prefix}mei_contrast.__m_e_i_contrast__distance.view'),
	('~~m_e_i_contrast', 'dataset_hash', '{prefix}mei_contrast.~~m_e_i_contrast.dataset_hash'),
	('~~m_e_i_contrast', 'model_hash', '{prefix}mei_contrast.~~m_e_i_contrast.model_hash'),
	('~~m_e_i_contrast', 'trainer_hash', '{prefix}mei_contrast.~~m_e_i_contrast.trainer_hash'),
	('~~m_e_i_contrast', 'seed', '{prefix}mei_contrast.~~m_e_i_contrast.seed'),
	('~~m_e_i_contrast', 'mei_hash', '{prefix}mei_contrast.~~m_e_i_contrast.mei_hash');;
INSERT INTO {prefix}mei_control."~lineage" VALUES
	('__m_e_i_control', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__m_e_i_control', 'model_hash', '{prefix}model.model_config.model_hash'),
	('__m_e_i_control', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('__m_e_i_control', 'seed', '{prefix}trainer.seed.seed'),
	('__m_e_i_control', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
	('__m_e_i_control__stimulus', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__m_e_i_control__stimulus', 'model_hash', '{prefix}model.model_config.model_hash'),
	('__m_e_i_control__stimulus', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('__m_e_i_control__stimulus', 'seed', '{prefix}trainer.seed.seed'),
	('__m_e_i_control__stimulus', 'mei_hash', '{prefix}mei.m_e_i_config.mei_hash'),
	('__m_e_i_control__stimulus', 'mouse', '{prefix}session.mouse.mouse'),
	('__m_e_i_control__stimulus', 'series', '{prefix}session.session.series'),
	('__m_e_i_control__stimulus', 'experiment', '{prefix}session.session.experiment'),
	('__m_e_i_control__stimulus', 'unit', '{prefix}session.unit.unit'),
	('__m_e_i_control__stimulus', 'opto_condition', '{prefix}optogenetics.#opto_condition.opto_condition'),
	('__m_e_i_control__stimulus', 'control', '{prefix}mei_control.__m_e_i_control__stimulus.control'),
	('~~m_e_i_control', 'dataset_hash', '{prefix}mei_control.~~m_e_i_control.dataset_hash'),
	('~~m_e_i_control', 'model_hash', '{prefix}mei_control.~~m_e_i_control.model_hash'),
	('~~m_e_i_control', 'trainer_hash', '{prefix}mei_control.~~m_e_i_control.trainer_hash'),
	('~~m_e_i_control', 'seed', '{prefix}mei_control.~~m_e_i_control.seed'),
	('~~m_e_i_control', 'mei_hash', '{prefix}mei_control.~~m_e_i_control.mei_hash');;
INSERT INTO {prefix}model.model_config VALUES
	('6b245e4a3a592867f8b40f018d0f3fdb', 'encoder', '{"core": {"name": "stacked_2d", "kernels": [5], "strides": [3], "channels": [2]}, "readout": {"name": "gaussian"}}', '');;
INSERT INTO {prefix}model.model_config__leaf VALUES
	('6b245e4a3a592867f8b40f018d0f3fdb', 'core.channels.0', 'int', '2', 2),
	('6b245e4a3a592867f8b40f018d0f3fdb', 'core.kernels.0', 'int', '5', 5),
	('6b245e4a3a592867f8b40f018d0f3fdb', 'core.name', 'str', '"stacked_2d"', NULL),
	('6b245e4a3a592867f8b40f018d0f3fdb', 'core.strides.0', 'int', '3', 3),
	('6b245e4a3a592867f8b40f018d0f3fdb', 'readout.name', 'str', '"gaussian"', NULL);;
INSERT INTO {prefix}model."~lineage" VALUES
	('model_config', 'model_hash', '{prefix}model.model_config.model_hash'),
	('model_config__leaf', 'model_hash', '{prefix}model.model_config.model_hash'),
	('model_config__leaf', 'path', '{prefix}model.model_config__leaf.path');;
INSERT INTO {prefix}optogenetics."#opto_condition" VALUES
	('intact', 0),
	('suppressed', 1);;
INSERT INTO {prefix}optogenetics.opto_epoch VALUES
	('Simulated_2026_0001', 1, 1, 0, 3.0060000000000002, 7.014, NULL),
	('Simulated_2026_0001', 1, 1, 1, 10.02, 11.022, NULL),
	('Simulated_2026_0001', 1, 1, 2, 12.024000000000001, 13.026, NULL),
	('Simulated_2026_0001', 1, 1, 3, 14.028, 16.032, NULL);;
INSERT INTO {prefix}optogenetics."~lineage" VALUES
	('opto_protocol', 'opto_protocol', '{prefix}optogenetics.opto_protocol.opto_protocol'),
	('#opto_condition', 'opto_condition', '{prefix}optogenetics.#opto_condition.opto_condition'),
	('opto_epoch', 'mouse', '{prefix}session.mouse.mouse'),
	('opto_epoch', 'series', '{prefix}session.session.series'),
	('opto_epoch', 'experiment', '{prefix}session.session.experiment'),
	('opto_epoch', 'opto_protocol', '{prefix}optogenetics.opto_protocol.opto_protocol'),
	('opto_epoch', 'opto_epoch', '{prefix}optogenetics.opto_epoch.opto_epoch');;
INSERT INTO {prefix}recording._recording VALUES
	('Simulated_2026_0001', 1, 1, 2, 168);;
INSERT INTO {prefix}recording._recording__signal VALUES
	('Simulated_2026_0001', 1, 1, 'running', '{"path": "_schema/{prefix}recording/_recording__signal/mouse=Simulated_2026_0001/series=1/experiment=1/signal=running/signal_times_s_9l2Yv9Wr.npy", "dtype": "float64", "shape": [540], "store": "main"}', '{"path": "_schema/{prefix}recording/_recording__signal/mouse=Simulated_2026_0001/series=1/experiment=1/signal=running/signal_values_P3L-lrER.npy", "dtype": "float32", "shape": [540], "store": "main"}'),
	('Simulated_2026_0001', 1, 1, 'pupil_size', '{"path": "_schema/{prefix}recording/_recording__signal/mouse=Simulated_2026_0001/series=1/experiment=1/signal=pupil_size/signal_times_s_d0DGbGhR.npy", "dtype": "float64", "shape": [540], "store": "main"}', '{"path": "_schema/{prefix}recording/_recording__signal/mouse=Simulated_2026_0001/series=1/experiment=1/signal=pupil_size/signal_values_Oc46K59D.npy", "dtype": "float32", "shape": [540], "store": "main"}'),
	('Simulated_2026_0001', 1, 1, 'pupil_x', '{"path": "_schema/{prefix}recording/_recording__signal/mouse=Simulated_2026_0001/series=1/experiment=1/signal=pupil_x/signal_times_s_weZMbmxr.npy", "dtype": "float64", "shape": [540], "store": "main"}', '{"path": "_schema/{prefix}recording/_recording__signal/mouse=Simulated_2026_0001/series=1/experiment=1/signal=pupil_x/signal_values_FVmLYy6j.npy", "dtype": "float32", "shape": [540], "store": "main"}'),
	('Simulated_2026_0001', 1, 1, 'pupil_y', '{"path": "_schema/{prefix}recording/_recording__signal/mouse=Simulated_2026_0001/series=1/experiment=1/signal=pupil_y/signal_times_s_MlD-fcd_.npy", "dtype": "float64", "shape": [540], "store": "main"}', '{"path": "_schema/{prefix}recording/_recording__signal/mouse=Simulated_2026_0001/series=1/experiment=1/signal=pupil_y/signal_values_rlIVUU2C.npy", "dtype": "float32", "shape": [540], "store": "main"}');;
INSERT INTO {prefix}recording._recording__spikes VALUES
	('Simulated_2026_0001', 1, 1, 1, 48, '{"path": "_schema/{prefix}recording/_recording__spikes/mouse=Simulated_2026_0001/series=1/experiment=1/unit=1/spike_times_s_hLlYCzLg.npy", "dtype": "float64", "shape": [48], "store": "main"}'),
	('Simulated_2026_0001', 1, 1, 2, 120, '{"path": "_schema/{prefix}recording/_recording__spikes/mouse=Simulated_2026_0001/series=1/experiment=1/unit=2/spike_times_s_ThMpj90V.npy", "dtype": "float64", "shape": [120], "store": "main"}');;
INSERT INTO {prefix}recording.raw_file VALUES
	('Simulated_2026_0001', 1, 1, 'lab', '/raw/session/responses.pkl', 'da182fd05fa1dbbdce23f270dc702e5d530aba31b351fa76c9dd523412c2ecf8', '{}');;
INSERT INTO {prefix}recording."~lineage" VALUES
	('raw_file', 'mouse', '{prefix}session.mouse.mouse'),
	('raw_file', 'series', '{prefix}session.session.series'),
	('raw_file', 'experiment', '{prefix}session.session.experiment'),
	('_recording', 'mouse', '{prefix}session.mouse.mouse'),
	('_recording', 'series', '{prefix}session.session.series'),
	('_recording', 'experiment', '{prefix}session.session.experiment'),
	('_recording__spikes', 'mouse', '{prefix}session.mouse.mouse'),
	('_recording__spikes', 'series', '{prefix}session.session.series'),
	('_recording__spikes', 'experiment', '{prefix}session.session.experiment'),
	('_recording__spikes', 'unit', '{prefix}session.unit.unit'),
	('_recording__bins', 'mouse', '{prefix}session.mouse.mouse'),
	('_recording__bins', 'series', '{prefix}session.session.series'),
	('_recording__bins', 'experiment', '{prefix}session.session.experiment'),
	('_recording__binned', 'mouse', '{prefix}session.mouse.mouse'),
	('_recording__binned', 'series', '{prefix}session.session.series'),
	('_recording__binned', 'experiment', '{prefix}session.session.experiment'),
	('_recording__binned', 'unit', '{prefix}session.unit.unit'),
	('_recording__signal', 'mouse', '{prefix}session.mouse.mouse'),
	('_recording__signal', 'series', '{prefix}session.session.series'),
	('_recording__signal', 'experiment', '{prefix}session.session.experiment'),
	('_recording__signal', 'signal', '{prefix}recording._recording__signal.signal'),
	('~~recording', 'mouse', '{prefix}recording.~~recording.mouse'),
	('~~recording', 'series', '{prefix}recording.~~recording.series'),
	('~~recording', 'experiment', '{prefix}recording.~~recording.experiment');;
INSERT INTO {prefix}search."~lineage" VALUES
	('study', 'study_name', '{prefix}search.study.study_name'),
	('study__trial', 'study_name', '{prefix}search.study.study_name'),
	('study__trial', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('study__trial', 'model_hash', '{prefix}model.model_config.model_hash'),
	('study__trial', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('study__trial', 'seed', '{prefix}trainer.seed.seed'),
	('study__trial', 'trial', '{prefix}search.study__trial.trial'),
	('pruned_trial', 'study_name', '{prefix}search.study.study_name'),
	('pruned_trial', 'trial', '{prefix}search.study__trial.trial');;
INSERT INTO {prefix}session.mouse VALUES
	('Simulated_2026_0001', '', '', true);;
INSERT INTO {prefix}session.session VALUES
	('Simulated_2026_0001', 1, 1, 'Simulated_2026_0001_s01_e01', NULL);;
INSERT INTO {prefix}session.unit VALUES
	('Simulated_2026_0001', 1, 1, 1, 'dLGN', NULL),
	('Simulated_2026_0001', 1, 1, 2, 'dLGN', NULL);;
INSERT INTO {prefix}session."~lineage" VALUES
	('mouse', 'mouse', '{prefix}session.mouse.mouse'),
	('session', 'mouse', '{prefix}session.mouse.mouse'),
	('session', 'series', '{prefix}session.session.series'),
	('session', 'experiment', '{prefix}session.session.experiment'),
	('unit', 'mouse', '{prefix}session.mouse.mouse'),
	('unit', 'series', '{prefix}session.session.series'),
	('unit', 'experiment', '{prefix}session.session.experiment'),
	('unit', 'unit', '{prefix}session.unit.unit');;
INSERT INTO {prefix}stimulus.movie VALUES
	('Simulated_2026_0001_s01_e01');;
INSERT INTO {prefix}stimulus.presentation VALUES
	('Simulated_2026_0001', 1, 1, 0, 'Simulated_2026_0001_s01_e01', 4, 2, 2.9986, 'train'),
	('Simulated_2026_0001', 1, 1, 1, 'Simulated_2026_0001_s01_e01', 3, 3.4986, 4.4972, 'train'),
	('Simulated_2026_0001', 1, 1, 2, 'Simulated_2026_0001_s01_e01', 6, 4.9972, 5.9958, 'test'),
	('Simulated_2026_0001', 1, 1, 3, 'Simulated_2026_0001_s01_e01', 8, 6.4958, 7.4944, 'test'),
	('Simulated_2026_0001', 1, 1, 4, 'Simulated_2026_0001_s01_e01', 7, 7.9944, 8.993, 'test'),
	('Simulated_2026_0001', 1, 1, 5, 'Simulated_2026_0001_s01_e01', 0, 9.493, 10.4916, 'train'),
	('Simulated_2026_0001', 1, 1, 6, 'Simulated_2026_0001_s01_e01', 1, 10.9916, 11.9902, 'train'),
	('Simulated_2026_0001', 1, 1, 7, 'Simulated_2026_0001_s01_e01', 5, 12.4902, 13.4888, 'train'),
	('Simulated_2026_0001', 1, 1, 8, 'Simulated_2026_0001_s01_e01', 2, 13.9888, 14.9874, 'train');;
INSERT INTO {prefix}stimulus.scene VALUES
	('Simulated_2026_0001_s01_e01', 0, '/raw/session/scenes/hmovTrain_v3_106x66_scene-001.avi', '', 'd4827f84ea358182d605840760166f4b5fb4c8be78b5a2e152e6ed4d24097d4c', 30, 30, 106, 66),
	('Simulated_2026_0001_s01_e01', 1, '/raw/session/scenes/hmovTrain_v3_106x66_scene-002.avi', '', '237944dd4d2ab35d6c34503a58e2c0befedd6780787dfe86117d8ab14e3c2607', 30, 30, 106, 66),
	('Simulated_2026_0001_s01_e01', 2, '/raw/session/scenes/hmovTrain_v3_106x66_scene-003.avi', '', '87b7629654cca84ccc43bda4101140d875f7ac34310d884afd55d04a72e9ba79', 30, 30, 106, 66),
	('Simulated_2026_0001_s01_e01', 3, '/raw/session/scenes/hmovTrain_v3_106x66_scene-004.avi', '', '17a51c2cd7a01177c41d5d6b4576d8ea99c9414dbb96451d0f3704465434abc0', 30, 30, 106, 66),
	('Simulated_2026_0001_s01_e01', 4, '/raw/session/scenes/hmovTrain_v3_106x66_scene-005.avi', '', 'f995704cca8d4372edfbebf3fbe910298d5604d238cae22b4c0810705c025a9a', 30, 30, 106, 66),
	('Simulated_2026_0001_s01_e01', 5, '/raw/session/scenes/hmovTrain_v3_106x66_scene-006.avi', '', '415fbebcc44a2861de324e93fdef5c50918b979244cc5e72caf2a3d55e4f6ac3', 30, 30, 106, 66),
	('Simulated_2026_0001_s01_e01', 6, '/raw/session/scenes/hmovTrain_v3_106x66_scene-007.avi', '', 'c20ec2a8f14dcb50b0bc7df453298ca5c07e60354e81234882e14a609f237706', 30, 30, 106, 66),
	('Simulated_2026_0001_s01_e01', 7, '/raw/session/scenes/hmovTrain_v3_106x66_scene-008.avi', '', 'ba1e8e14d4b2dcbe8ea695e1867868496836fb305e9d1b3ba0b8296ad5dcccdc', 30, 30, 106, 66),
	('Simulated_2026_0001_s01_e01', 8, '/raw/session/scenes/hmovTrain_v3_106x66_scene-009.avi', '', '397b088520baad5ca11f6b761889227c41df789729c35d59d25ea1bec88d8f29', 30, 30, 106, 66);;
INSERT INTO {prefix}stimulus."~lineage" VALUES
	('movie', 'movie', '{prefix}stimulus.movie.movie'),
	('scene', 'movie', '{prefix}stimulus.movie.movie'),
	('scene', 'scene', '{prefix}stimulus.scene.scene'),
	('presentation', 'mouse', '{prefix}session.mouse.mouse'),
	('presentation', 'series', '{prefix}session.session.series'),
	('presentation', 'experiment', '{prefix}session.session.experiment'),
	('presentation', 'movie', '{prefix}stimulus.movie.movie'),
	('presentation', 'scene', '{prefix}stimulus.scene.scene'),
	('presentation', 'trial', '{prefix}stimulus.presentation.trial'),
	('frame_onsets', 'mouse', '{prefix}session.mouse.mouse'),
	('frame_onsets', 'series', '{prefix}session.session.series'),
	('frame_onsets', 'experiment', '{prefix}session.session.experiment'),
	('frame_onsets', 'trial', '{prefix}stimulus.presentation.trial');;
INSERT INTO {prefix}trainer.seed VALUES
	(0),
	(1);;
INSERT INTO {prefix}trainer.trainer_config VALUES
	('f418b1a92418cf1fd3a4de4aaef631bf', 'standard', '{"max_epochs": 1}', '');;
INSERT INTO {prefix}trainer.trainer_config__leaf VALUES
	('f418b1a92418cf1fd3a4de4aaef631bf', 'max_epochs', 'int', '1', 1);;
INSERT INTO {prefix}trainer."~lineage" VALUES
	('trainer_config', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('trainer_config__leaf', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('trainer_config__leaf', 'path', '{prefix}trainer.trainer_config__leaf.path'),
	('seed', 'seed', '{prefix}trainer.seed.seed');;
INSERT INTO {prefix}training.__trained_model VALUES
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 1, -0.03958822130180255, '{"epochs": [{"loss": 0.4444916248321533, "epoch": 0, "penalty": 0.0, "seconds": 0.05062846800137777, "learning_rate": 0.005, "samples_per_s": 95.6233549016439, "validation_loss": 0.2836700975894928, "peak_memory_bytes": 623591424, "validation_correlation": -0.03958822130180255}], "best_epoch": 0}', 72, '4878f6d6f564b920566538ff7cffb0f1dea6cedca948b147581bf8242b9bb24a', 'cpu', '{"torch": "2.13.0+cpu", "dlgn_cnn": "0.1.0"}', 3.0253958769990277),
	('719b23223fc9885c75c8d231c40c8f8d', '6b245e4a3a592867f8b40f018d0f3fdb', 'f418b1a92418cf1fd3a4de4aaef631bf', 0, 0.1712182618651343, '{"epochs": [{"loss": 0.5043303370475769, "epoch": 0, "penalty": 0.0, "seconds": 0.020761980000315816, "learning_rate": 0.005, "samples_per_s": 207.83375294913367, "validation_loss": 0.26278629899024963, "peak_memory_bytes": 635486208, "validation_correlation": 0.1712182618651343}], "best_epoch": 0}', 72, 'c781b5d2868910414b4ba14f31ce83e6bd596b7c9ac193c477a6480d6820b394', 'cpu', '{"torch": "2.13.0+cpu", "dlgn_cnn": "0.1.0"}', 0.12298867999925278);;
INSERT INTO {prefix}training."~lineage" VALUES
	('__trained_model', 'dataset_hash', '{prefix}dataset.dataset_config.dataset_hash'),
	('__trained_model', 'model_hash', '{prefix}model.model_config.model_hash'),
	('__trained_model', 'trainer_hash', '{prefix}trainer.trainer_config.trainer_hash'),
	('__trained_model', 'seed', '{prefix}trainer.seed.seed'),
	('~~trained_model', 'dataset_hash', '{prefix}training.~~trained_model.dataset_hash'),
	('~~trained_model', 'model_hash', '{prefix}training.~~trained_model.model_hash'),
	('~~trained_model', 'trainer_hash', '{prefix}training.~~trained_model.trainer_hash'),
	('~~trained_model', 'seed', '{prefix}training.~~trained_model.seed');;
ALTER TABLE ONLY {prefix}dataset.__dataset__session
    ADD CONSTRAINT __dataset__session_pkey PRIMARY KEY (dataset_hash, mouse, series, experiment);;
ALTER TABLE ONLY {prefix}dataset.__dataset__split
    ADD CONSTRAINT __dataset__split_pkey PRIMARY KEY (dataset_hash, movie, scene);;
ALTER TABLE ONLY {prefix}dataset.__dataset__unit
    ADD CONSTRAINT __dataset__unit_pkey PRIMARY KEY (dataset_hash, mouse, series, experiment, unit);;
ALTER TABLE ONLY {prefix}dataset.__dataset
    ADD CONSTRAINT __dataset_pkey PRIMARY KEY (dataset_hash);;
ALTER TABLE ONLY {prefix}dataset.dataset_config__leaf
    ADD CONSTRAINT dataset_config__leaf_pkey PRIMARY KEY (dataset_hash, path);;
ALTER TABLE ONLY {prefix}dataset.dataset_config__session
    ADD CONSTRAINT dataset_config__session_pkey PRIMARY KEY (dataset_hash, mouse, series, experiment);;
ALTER TABLE ONLY {prefix}dataset.dataset_config
    ADD CONSTRAINT dataset_config_pkey PRIMARY KEY (dataset_hash);;
ALTER TABLE ONLY {prefix}dataset."~lineage"
    ADD CONSTRAINT "~lineage_pkey" PRIMARY KEY (table_name, attribute_name);;
ALTER TABLE ONLY {prefix}dataset."~~dataset"
    ADD CONSTRAINT "~~dataset_pkey" PRIMARY KEY (dataset_hash);;
ALTER TABLE ONLY {prefix}ensemble.__ensemble_score__condition
    ADD CONSTRAINT __ensemble_score__condition_pkey PRIMARY KEY (ensemble_hash, dataset_hash, mouse, series, experiment, unit, tier, light);;
ALTER TABLE ONLY {prefix}ensemble.__ensemble_score__member
    ADD CONSTRAINT __ensemble_score__member_pkey PRIMARY KEY (ensemble_hash, dataset_hash, model_hash, trainer_hash, seed);;
ALTER TABLE ONLY {prefix}ensemble.__ensemble_score__unit
    ADD CONSTRAINT __ensemble_score__unit_pkey PRIMARY KEY (ensemble_hash, dataset_hash, mouse, series, experiment, unit);;
ALTER TABLE ONLY {prefix}ensemble.__ensemble_score
    ADD CONSTRAINT __ensemble_score_pkey PRIMARY KEY (ensemble_hash);;
ALTER TABLE ONLY {prefix}ensemble.ensemble__member
    ADD CONSTRAINT ensemble__member_pkey PRIMARY KEY (ensemble_hash, dataset_hash, model_hash, trainer_hash, seed);;
ALTER TABLE ONLY {prefix}ensemble.ensemble
    ADD CONSTRAINT ensemble_pkey PRIMARY KEY (ensemble_hash);;
ALTER TABLE ONLY {prefix}ensemble."~lineage"
    ADD CONSTRAINT "~lineage_pkey" PRIMARY KEY (table_name, attribute_name);;
ALTER TABLE ONLY {prefix}ensemble."~~ensemble_score"
    ADD CONSTRAINT "~~ensemble_score_pkey" PRIMARY KEY (ensemble_hash);;
ALTER TABLE ONLY {prefix}evaluation.__feedback_modulation__unit
    ADD CONSTRAINT __feedback_modulation__unit_pkey PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed, mouse, series, experiment, unit);;
ALTER TABLE ONLY {prefix}evaluation.__feedback_modulation
    ADD CONSTRAINT __feedback_modulation_pkey PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed);;
ALTER TABLE ONLY {prefix}evaluation.__input_gain__unit
    ADD CONSTRAINT __input_gain__unit_pkey PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed, mouse, series, experiment, unit);;
ALTER TABLE ONLY {prefix}evaluation.__input_gain
    ADD CONSTRAINT __input_gain_pkey PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed);;
ALTER TABLE ONLY {prefix}evaluation.__receptive_field__unit
    ADD CONSTRAINT __receptive_field__unit_pkey PRIMARY KEY (dataset_hash, mouse, series, experiment, unit);;
ALTER TABLE ONLY {prefix}evaluation.__receptive_field
    ADD CONSTRAINT __receptive_field_pkey PRIMARY KEY (dataset_hash);;
ALTER TABLE ONLY {prefix}evaluation.__score__condition
    ADD CONSTRAINT __score__condition_pkey PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed, mouse, series, experiment, unit, tier, light);;
ALTER TABLE ONLY {prefix}evaluation.__score__unit
    ADD CONSTRAINT __score__unit_pkey PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed, mouse, series, experiment, unit);;
ALTER TABLE ONLY {prefix}evaluation.__score
    ADD CONSTRAINT __score_pkey PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed);;
ALTER TABLE ONLY {prefix}evaluation."~lineage"
    ADD CONSTRAINT "~lineage_pkey" PRIMARY KEY (table_name, attribute_name);;
ALTER TABLE ONLY {prefix}evaluation."~~feedback_modulation"
    ADD CONSTRAINT "~~feedback_modulation_pkey" PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed);;
ALTER TABLE ONLY {prefix}evaluation."~~input_gain"
    ADD CONSTRAINT "~~input_gain_pkey" PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed);;
ALTER TABLE ONLY {prefix}evaluation."~~receptive_field"
    ADD CONSTRAINT "~~receptive_field_pkey" PRIMARY KEY (dataset_hash);;
ALTER TABLE ONLY {prefix}evaluation."~~score"
    ADD CONSTRAINT "~~score_pkey" PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed);;
ALTER TABLE ONLY {prefix}experiment.experiment__fit
    ADD CONSTRAINT experiment__fit_pkey PRIMARY KEY (experiment_name, dataset_hash, model_hash, trainer_hash, seed);;
ALTER TABLE ONLY {prefix}experiment.experiment
    ADD CONSTRAINT experiment_pkey PRIMARY KEY (experiment_name);;
ALTER TABLE ONLY {prefix}experiment."~lineage"
    ADD CONSTRAINT "~lineage_pkey" PRIMARY KEY (table_name, attribute_name);;
ALTER TABLE ONLY {prefix}fitting.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed, serial);;
ALTER TABLE ONLY {prefix}fitting.epoch
    ADD CONSTRAINT epoch_pkey PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed, epoch);;
ALTER TABLE ONLY {prefix}fitting."~lineage"
    ADD CONSTRAINT "~lineage_pkey" PRIMARY KEY (table_name, attribute_name);;
ALTER TABLE ONLY {prefix}fleet.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (table_name, key_hash, ended);;
ALTER TABLE ONLY {prefix}fleet.lease
    ADD CONSTRAINT lease_pkey PRIMARY KEY (token);;
ALTER TABLE ONLY {prefix}fleet.standing_order
    ADD CONSTRAINT standing_order_pkey PRIMARY KEY (host, table_name);;
ALTER TABLE ONLY {prefix}fleet.worker
    ADD CONSTRAINT worker_pkey PRIMARY KEY (worker_id);;
ALTER TABLE ONLY {prefix}fleet."~lineage"
    ADD CONSTRAINT "~lineage_pkey" PRIMARY KEY (table_name, attribute_name);;
ALTER TABLE ONLY {prefix}mei.__m_e_i__stimulus
    ADD CONSTRAINT __m_e_i__stimulus_pkey PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed, mei_hash, mouse, series, experiment, unit, opto_condition, mei_seed);;
ALTER TABLE ONLY {prefix}mei.__m_e_i
    ADD CONSTRAINT __m_e_i_pkey PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed, mei_hash);;
ALTER TABLE ONLY {prefix}mei.m_e_i_config__leaf
    ADD CONSTRAINT m_e_i_config__leaf_pkey PRIMARY KEY (mei_hash, path);;
ALTER TABLE ONLY {prefix}mei.m_e_i_config
    ADD CONSTRAINT m_e_i_config_pkey PRIMARY KEY (mei_hash);;
ALTER TABLE ONLY {prefix}mei.m_e_i_plan
    ADD CONSTRAINT m_e_i_plan_pkey PRIMARY KEY (experiment_name, mei_hash);;
ALTER TABLE ONLY {prefix}mei."~lineage"
    ADD CONSTRAINT "~lineage_pkey" PRIMARY KEY (table_name, attribute_name);;
ALTER TABLE ONLY {prefix}mei."~~m_e_i"
    ADD CONSTRAINT "~~m_e_i_pkey" PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed, mei_hash);;
ALTER TABLE ONLY {prefix}mei_contrast.__m_e_i_contrast__distance
    ADD CONSTRAINT __m_e_i_contrast__distance_pkey PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed, mei_hash, mouse, series, experiment, unit, view);;
ALTER TABLE ONLY {prefix}mei_contrast.__m_e_i_contrast__unit
    ADD CONSTRAINT __m_e_i_contrast__unit_pkey PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed, mei_hash, mouse, series, experiment, unit);;
ALTER TABLE ONLY {prefix}mei_contrast.__m_e_i_contrast
    ADD CONSTRAINT __m_e_i_contrast_pkey PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed, mei_hash);;
ALTER TABLE ONLY {prefix}mei_contrast."~lineage"
    ADD CONSTRAINT "~lineage_pkey" PRIMARY KEY (table_name, attribute_name);;
ALTER TABLE ONLY {prefix}mei_contrast."~~m_e_i_contrast"
    ADD CONSTRAINT "~~m_e_i_contrast_pkey" PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed, mei_hash);;
ALTER TABLE ONLY {prefix}mei_control.__m_e_i_control__stimulus
    ADD CONSTRAINT __m_e_i_control__stimulus_pkey PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed, mei_hash, mouse, series, experiment, unit, opto_condition, control);;
ALTER TABLE ONLY {prefix}mei_control.__m_e_i_control
    ADD CONSTRAINT __m_e_i_control_pkey PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed, mei_hash);;
ALTER TABLE ONLY {prefix}mei_control."~lineage"
    ADD CONSTRAINT "~lineage_pkey" PRIMARY KEY (table_name, attribute_name);;
ALTER TABLE ONLY {prefix}mei_control."~~m_e_i_control"
    ADD CONSTRAINT "~~m_e_i_control_pkey" PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed, mei_hash);;
ALTER TABLE ONLY {prefix}model.model_config__leaf
    ADD CONSTRAINT model_config__leaf_pkey PRIMARY KEY (model_hash, path);;
ALTER TABLE ONLY {prefix}model.model_config
    ADD CONSTRAINT model_config_pkey PRIMARY KEY (model_hash);;
ALTER TABLE ONLY {prefix}model."~lineage"
    ADD CONSTRAINT "~lineage_pkey" PRIMARY KEY (table_name, attribute_name);;
ALTER TABLE ONLY {prefix}optogenetics."#opto_condition"
    ADD CONSTRAINT "#opto_condition_pkey" PRIMARY KEY (opto_condition);;
ALTER TABLE ONLY {prefix}optogenetics.opto_epoch
    ADD CONSTRAINT opto_epoch_pkey PRIMARY KEY (mouse, series, experiment, opto_epoch);;
ALTER TABLE ONLY {prefix}optogenetics.opto_protocol
    ADD CONSTRAINT opto_protocol_pkey PRIMARY KEY (opto_protocol);;
ALTER TABLE ONLY {prefix}optogenetics."~lineage"
    ADD CONSTRAINT "~lineage_pkey" PRIMARY KEY (table_name, attribute_name);;
ALTER TABLE ONLY {prefix}recording._recording__binned
    ADD CONSTRAINT _recording__binned_pkey PRIMARY KEY (mouse, series, experiment, unit);;
ALTER TABLE ONLY {prefix}recording._recording__bins
    ADD CONSTRAINT _recording__bins_pkey PRIMARY KEY (mouse, series, experiment);;
ALTER TABLE ONLY {prefix}recording._recording__signal
    ADD CONSTRAINT _recording__signal_pkey PRIMARY KEY (mouse, series, experiment, signal);;
ALTER TABLE ONLY {prefix}recording._recording__spikes
    ADD CONSTRAINT _recording__spikes_pkey PRIMARY KEY (mouse, series, experiment, unit);;
ALTER TABLE ONLY {prefix}recording._recording
    ADD CONSTRAINT _recording_pkey PRIMARY KEY (mouse, series, experiment);;
ALTER TABLE ONLY {prefix}recording.raw_file
    ADD CONSTRAINT raw_file_pkey PRIMARY KEY (mouse, series, experiment);;
ALTER TABLE ONLY {prefix}recording."~lineage"
    ADD CONSTRAINT "~lineage_pkey" PRIMARY KEY (table_name, attribute_name);;
ALTER TABLE ONLY {prefix}recording."~~recording"
    ADD CONSTRAINT "~~recording_pkey" PRIMARY KEY (mouse, series, experiment);;
ALTER TABLE ONLY {prefix}search.pruned_trial
    ADD CONSTRAINT pruned_trial_pkey PRIMARY KEY (study_name, trial);;
ALTER TABLE ONLY {prefix}search.study__trial
    ADD CONSTRAINT study__trial_pkey PRIMARY KEY (study_name, trial);;
ALTER TABLE ONLY {prefix}search.study
    ADD CONSTRAINT study_pkey PRIMARY KEY (study_name);;
ALTER TABLE ONLY {prefix}search."~lineage"
    ADD CONSTRAINT "~lineage_pkey" PRIMARY KEY (table_name, attribute_name);;
ALTER TABLE ONLY {prefix}session.mouse
    ADD CONSTRAINT mouse_pkey PRIMARY KEY (mouse);;
ALTER TABLE ONLY {prefix}session.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (mouse, series, experiment);;
ALTER TABLE ONLY {prefix}session.unit
    ADD CONSTRAINT unit_pkey PRIMARY KEY (mouse, series, experiment, unit);;
ALTER TABLE ONLY {prefix}session."~lineage"
    ADD CONSTRAINT "~lineage_pkey" PRIMARY KEY (table_name, attribute_name);;
ALTER TABLE ONLY {prefix}stimulus.frame_onsets
    ADD CONSTRAINT frame_onsets_pkey PRIMARY KEY (mouse, series, experiment, trial);;
ALTER TABLE ONLY {prefix}stimulus.movie
    ADD CONSTRAINT movie_pkey PRIMARY KEY (movie);;
ALTER TABLE ONLY {prefix}stimulus.presentation
    ADD CONSTRAINT presentation_pkey PRIMARY KEY (mouse, series, experiment, trial);;
ALTER TABLE ONLY {prefix}stimulus.scene
    ADD CONSTRAINT scene_pkey PRIMARY KEY (movie, scene);;
ALTER TABLE ONLY {prefix}stimulus."~lineage"
    ADD CONSTRAINT "~lineage_pkey" PRIMARY KEY (table_name, attribute_name);;
ALTER TABLE ONLY {prefix}trainer.seed
    ADD CONSTRAINT seed_pkey PRIMARY KEY (seed);;
ALTER TABLE ONLY {prefix}trainer.trainer_config__leaf
    ADD CONSTRAINT trainer_config__leaf_pkey PRIMARY KEY (trainer_hash, path);;
ALTER TABLE ONLY {prefix}trainer.trainer_config
    ADD CONSTRAINT trainer_config_pkey PRIMARY KEY (trainer_hash);;
ALTER TABLE ONLY {prefix}trainer."~lineage"
    ADD CONSTRAINT "~lineage_pkey" PRIMARY KEY (table_name, attribute_name);;
ALTER TABLE ONLY {prefix}training.__trained_model
    ADD CONSTRAINT __trained_model_pkey PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed);;
ALTER TABLE ONLY {prefix}training."~lineage"
    ADD CONSTRAINT "~lineage_pkey" PRIMARY KEY (table_name, attribute_name);;
ALTER TABLE ONLY {prefix}training."~~trained_model"
    ADD CONSTRAINT "~~trained_model_pkey" PRIMARY KEY (dataset_hash, model_hash, trainer_hash, seed);;
CREATE INDEX idx___dataset__session_mouse_series_experiment ON {prefix}dataset.__dataset__session USING btree (mouse, series, experiment);;
CREATE INDEX idx___dataset__split_movie_scene ON {prefix}dataset.__dataset__split USING btree (movie, scene);;
CREATE INDEX idx___dataset__unit_mouse_series_experiment_unit ON {prefix}dataset.__dataset__unit USING btree (mouse, series, experiment, unit);;
CREATE INDEX idx_dataset_config__session_mouse_series_experiment ON {prefix}dataset.dataset_config__session USING btree (mouse, series, experiment);;
CREATE INDEX "idx_~~dataset_status_priority_scheduled_time" ON {prefix}dataset."~~dataset" USING btree (status, priority, scheduled_time);;
CREATE INDEX idx___ensemble_score__condition_dataset_hash_mouse_series_expe ON {prefix}ensemble.__ensemble_score__condition USING btree (dataset_hash, mouse, series, experiment, unit);;
CREATE INDEX idx___ensemble_score__member_dataset_hash_model_hash_traine ON {prefix}ensemble.__ensemble_score__member USING btree (dataset_hash, model_hash, trainer_hash, seed);;
CREATE INDEX idx___ensemble_score__unit_dataset_hash_mouse_series_expe ON {prefix}ensemble.__ensemble_score__unit USING btree (dataset_hash, mouse, series, experiment, unit);;
CREATE INDEX idx___ensemble_score_dataset_hash ON {prefix}ensemble.__ensemble_score USING btree (dataset_hash);;
CREATE INDEX idx_ensemble__member_dataset_hash ON {prefix}ensemble.ensemble__member USING btree (dataset_hash);;
CREATE INDEX idx_ensemble__member_model_hash ON {prefix}ensemble.ensemble__member USING btree (model_hash);;
CREATE INDEX idx_ensemble__member_seed ON {prefix}ensemble.ensemble__member USING btree (seed);;
CREATE INDEX idx_ensemble__member_trainer_hash ON {prefix}ensemble.ensemble__member USING btree (trainer_hash);;
CREATE INDEX idx_ensemble_dataset_hash ON {prefix}ensemble.ensemble USING btree (dataset_hash);;
CREATE INDEX "idx_~~ensemble_score_status_priority_scheduled_time" ON {prefix}ensemble."~~ensemble_score" USING btree (status, priority, scheduled_time);;
CREATE INDEX idx___feedback_modulation__unit_dataset_hash_mouse_series_expe ON {prefix}evaluation.__feedback_modulation__unit USING btree (dataset_hash, mouse, series, experiment, unit);;
CREATE INDEX idx___input_gain__unit_dataset_hash_mouse_series_expe ON {prefix}evaluation.__input_gain__unit USING btree (dataset_hash, mouse, series, experiment, unit);;
CREATE INDEX idx___score__condition_dataset_hash_mouse_series_expe ON {prefix}evaluation.__score__condition USING btree (dataset_hash, mouse, series, experiment, unit);;
CREATE INDEX idx___score__unit_dataset_hash_mouse_series_expe ON {prefix}evaluation.__score__unit USING btree (dataset_hash, mouse, series, experiment, unit);;
CREATE INDEX "idx_~~feedback_modulation_status_priority_scheduled_time" ON {prefix}evaluation."~~feedback_modulation" USING btree (status, priority, scheduled_time);;
CREATE INDEX "idx_~~input_gain_status_priority_scheduled_time" ON {prefix}evaluation."~~input_gain" USING btree (status, priority, scheduled_time);;
CREATE INDEX "idx_~~receptive_field_status_priority_scheduled_time" ON {prefix}evaluation."~~receptive_field" USING btree (status, priority, scheduled_time);;
CREATE INDEX "idx_~~score_status_priority_scheduled_time" ON {prefix}evaluation."~~score" USING btree (status, priority, scheduled_time);;
CREATE INDEX idx_experiment__fit_dataset_hash ON {prefix}experiment.experiment__fit USING btree (dataset_hash);;
CREATE INDEX idx_experiment__fit_model_hash ON {prefix}experiment.experiment__fit USING btree (model_hash);;
CREATE INDEX idx_experiment__fit_seed ON {prefix}experiment.experiment__fit USING btree (seed);;
CREATE INDEX idx_experiment__fit_trainer_hash ON {prefix}experiment.experiment__fit USING btree (trainer_hash);;
CREATE INDEX idx_checkpoint_model_hash ON {prefix}fitting.checkpoint USING btree (model_hash);;
CREATE INDEX idx_checkpoint_seed ON {prefix}fitting.checkpoint USING btree (seed);;
CREATE INDEX idx_checkpoint_trainer_hash ON {prefix}fitting.checkpoint USING btree (trainer_hash);;
CREATE INDEX idx_epoch_model_hash ON {prefix}fitting.epoch USING btree (model_hash);;
CREATE INDEX idx_epoch_seed ON {prefix}fitting.epoch USING btree (seed);;
CREATE INDEX idx_epoch_trainer_hash ON {prefix}fitting.epoch USING btree (trainer_hash);;
CREATE UNIQUE INDEX idx_lease_table_name_key_hash ON {prefix}fleet.lease USING btree (table_name, key_hash);;
CREATE INDEX idx_lease_worker_id ON {prefix}fleet.lease USING btree (worker_id);;
CREATE INDEX idx___m_e_i__stimulus_dataset_hash_mouse_series_expe ON {prefix}mei.__m_e_i__stimulus USING btree (dataset_hash, mouse, series, experiment, unit);;
CREATE INDEX idx___m_e_i__stimulus_opto_condition ON {prefix}mei.__m_e_i__stimulus USING btree (opto_condition);;
CREATE INDEX idx___m_e_i_mei_hash ON {prefix}mei.__m_e_i USING btree (mei_hash);;
CREATE INDEX idx_m_e_i_plan_mei_hash ON {prefix}mei.m_e_i_plan USING btree (mei_hash);;
CREATE INDEX "idx_~~m_e_i_status_priority_scheduled_time" ON {prefix}mei."~~m_e_i" USING btree (status, priority, scheduled_time);;
CREATE INDEX idx___m_e_i_contrast__distance_dataset_hash_mouse_series_expe ON {prefix}mei_contrast.__m_e_i_contrast__distance USING btree (dataset_hash, mouse, series, experiment, unit);;
CREATE INDEX idx___m_e_i_contrast__unit_dataset_hash_mouse_series_expe ON {prefix}mei_contrast.__m_e_i_contrast__unit USING btree (dataset_hash, mouse, series, experiment, unit);;
CREATE INDEX "idx_~~m_e_i_contrast_status_priority_scheduled_time" ON {prefix}mei_contrast."~~m_e_i_contrast" USING btree (status, priority, scheduled_time);;
CREATE INDEX idx___m_e_i_control__stimulus_dataset_hash_mouse_series_expe ON {prefix}mei_control.__m_e_i_control__stimulus USING btree (dataset_hash, mouse, series, experiment, unit);;
CREATE INDEX idx___m_e_i_control__stimulus_opto_condition ON {prefix}mei_control.__m_e_i_control__stimulus USING btree (opto_condition);;
CREATE INDEX "idx_~~m_e_i_control_status_priority_scheduled_time" ON {prefix}mei_control."~~m_e_i_control" USING btree (status, priority, scheduled_time);;
CREATE INDEX idx_opto_epoch_opto_protocol ON {prefix}optogenetics.opto_epoch USING btree (opto_protocol);;
CREATE INDEX "idx_~~recording_status_priority_scheduled_time" ON {prefix}recording."~~recording" USING btree (status, priority, scheduled_time);;
CREATE INDEX idx_study__trial_dataset_hash ON {prefix}search.study__trial USING btree (dataset_hash);;
CREATE INDEX idx_study__trial_model_hash ON {prefix}search.study__trial USING btree (model_hash);;
CREATE INDEX idx_study__trial_seed ON {prefix}search.study__trial USING btree (seed);;
CREATE INDEX idx_study__trial_trainer_hash ON {prefix}search.study__trial USING btree (trainer_hash);;
CREATE UNIQUE INDEX idx_session_session_name ON {prefix}session.session USING btree (session_name);;
CREATE INDEX idx_presentation_movie_scene ON {prefix}stimulus.presentation USING btree (movie, scene);;
CREATE INDEX idx___trained_model_model_hash ON {prefix}training.__trained_model USING btree (model_hash);;
CREATE INDEX idx___trained_model_seed ON {prefix}training.__trained_model USING btree (seed);;
CREATE INDEX idx___trained_model_trainer_hash ON {prefix}training.__trained_model USING btree (trainer_hash);;
CREATE INDEX "idx_~~trained_model_status_priority_scheduled_time" ON {prefix}training."~~trained_model" USING btree (status, priority, scheduled_time);;
ALTER TABLE ONLY {prefix}dataset.__dataset__session
    ADD CONSTRAINT __dataset__session_dataset_hash_fkey FOREIGN KEY (dataset_hash) REFERENCES {prefix}dataset.__dataset(dataset_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}dataset.__dataset__session
    ADD CONSTRAINT __dataset__session_mouse_series_experiment_fkey FOREIGN KEY (mouse, series, experiment) REFERENCES {prefix}session.session(mouse, series, experiment) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}dataset.__dataset__split
    ADD CONSTRAINT __dataset__split_dataset_hash_fkey FOREIGN KEY (dataset_hash) REFERENCES {prefix}dataset.__dataset(dataset_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}dataset.__dataset__split
    ADD CONSTRAINT __dataset__split_movie_scene_fkey FOREIGN KEY (movie, scene) REFERENCES {prefix}stimulus.scene(movie, scene) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}dataset.__dataset__unit
    ADD CONSTRAINT __dataset__unit_dataset_hash_fkey FOREIGN KEY (dataset_hash) REFERENCES {prefix}dataset.__dataset(dataset_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}dataset.__dataset__unit
    ADD CONSTRAINT __dataset__unit_mouse_series_experiment_unit_fkey FOREIGN KEY (mouse, series, experiment, unit) REFERENCES {prefix}session.unit(mouse, series, experiment, unit) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}dataset.__dataset
    ADD CONSTRAINT __dataset_dataset_hash_fkey FOREIGN KEY (dataset_hash) REFERENCES {prefix}dataset.dataset_config(dataset_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}dataset.dataset_config__leaf
    ADD CONSTRAINT dataset_config__leaf_dataset_hash_fkey FOREIGN KEY (dataset_hash) REFERENCES {prefix}dataset.dataset_config(dataset_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}dataset.dataset_config__session
    ADD CONSTRAINT dataset_config__session_dataset_hash_fkey FOREIGN KEY (dataset_hash) REFERENCES {prefix}dataset.dataset_config(dataset_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}dataset.dataset_config__session
    ADD CONSTRAINT dataset_config__session_mouse_series_experiment_fkey FOREIGN KEY (mouse, series, experiment) REFERENCES {prefix}session.session(mouse, series, experiment) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}ensemble.__ensemble_score__condition
    ADD CONSTRAINT __ensemble_score__condition_dataset_hash_mouse_series_expe_fkey FOREIGN KEY (dataset_hash, mouse, series, experiment, unit) REFERENCES {prefix}dataset.__dataset__unit(dataset_hash, mouse, series, experiment, unit) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}ensemble.__ensemble_score__condition
    ADD CONSTRAINT __ensemble_score__condition_ensemble_hash_fkey FOREIGN KEY (ensemble_hash) REFERENCES {prefix}ensemble.__ensemble_score(ensemble_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}ensemble.__ensemble_score__member
    ADD CONSTRAINT __ensemble_score__member_dataset_hash_model_hash_trainer_h_fkey FOREIGN KEY (dataset_hash, model_hash, trainer_hash, seed) REFERENCES {prefix}training.__trained_model(dataset_hash, model_hash, trainer_hash, seed) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}ensemble.__ensemble_score__member
    ADD CONSTRAINT __ensemble_score__member_ensemble_hash_fkey FOREIGN KEY (ensemble_hash) REFERENCES {prefix}ensemble.__ensemble_score(ensemble_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}ensemble.__ensemble_score__unit
    ADD CONSTRAINT __ensemble_score__unit_dataset_hash_mouse_series_experimen_fkey FOREIGN KEY (dataset_hash, mouse, series, experiment, unit) REFERENCES {prefix}dataset.__dataset__unit(dataset_hash, mouse, series, experiment, unit) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}ensemble.__ensemble_score__unit
    ADD CONSTRAINT __ensemble_score__unit_ensemble_hash_fkey FOREIGN KEY (ensemble_hash) REFERENCES {prefix}ensemble.__ensemble_score(ensemble_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}ensemble.__ensemble_score
    ADD CONSTRAINT __ensemble_score_dataset_hash_fkey FOREIGN KEY (dataset_hash) REFERENCES {prefix}dataset.__dataset(dataset_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}ensemble.__ensemble_score
    ADD CONSTRAINT __ensemble_score_ensemble_hash_fkey FOREIGN KEY (ensemble_hash) REFERENCES {prefix}ensemble.ensemble(ensemble_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}ensemble.ensemble__member
    ADD CONSTRAINT ensemble__member_dataset_hash_fkey FOREIGN KEY (dataset_hash) REFERENCES {prefix}dataset.dataset_config(dataset_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}ensemble.ensemble__member
    ADD CONSTRAINT ensemble__member_ensemble_hash_fkey FOREIGN KEY (ensemble_hash) REFERENCES {prefix}ensemble.ensemble(ensemble_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}ensemble.ensemble__member
    ADD CONSTRAINT ensemble__member_model_hash_fkey FOREIGN KEY (model_hash) REFERENCES {prefix}model.model_config(model_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}ensemble.ensemble__member
    ADD CONSTRAINT ensemble__member_seed_fkey FOREIGN KEY (seed) REFERENCES {prefix}trainer.seed(seed) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}ensemble.ensemble__member
    ADD CONSTRAINT ensemble__member_trainer_hash_fkey FOREIGN KEY (trainer_hash) REFERENCES {prefix}trainer.trainer_config(trainer_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}ensemble.ensemble
    ADD CONSTRAINT ensemble_dataset_hash_fkey FOREIGN KEY (dataset_hash) REFERENCES {prefix}dataset.dataset_config(dataset_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}evaluation.__feedback_modulation__unit
    ADD CONSTRAINT __feedback_modulation__unit_dataset_hash_model_hash_traine_fkey FOREIGN KEY (dataset_hash, model_hash, trainer_hash, seed) REFERENCES {prefix}evaluation.__feedback_modulation(dataset_hash, model_hash, trainer_hash, seed) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}evaluation.__feedback_modulation__unit
    ADD CONSTRAINT __feedback_modulation__unit_dataset_hash_mouse_series_expe_fkey FOREIGN KEY (dataset_hash, mouse, series, experiment, unit) REFERENCES {prefix}dataset.__dataset__unit(dataset_hash, mouse, series, experiment, unit) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}evaluation.__feedback_modulation
    ADD CONSTRAINT __feedback_modulation_dataset_hash_model_hash_trainer_hash_fkey FOREIGN KEY (dataset_hash, model_hash, trainer_hash, seed) REFERENCES {prefix}training.__trained_model(dataset_hash, model_hash, trainer_hash, seed) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}evaluation.__input_gain__unit
    ADD CONSTRAINT __input_gain__unit_dataset_hash_model_hash_trainer_hash_se_fkey FOREIGN KEY (dataset_hash, model_hash, trainer_hash, seed) REFERENCES {prefix}evaluation.__input_gain(dataset_hash, model_hash, trainer_hash, seed) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}evaluation.__input_gain__unit
    ADD CONSTRAINT __input_gain__unit_dataset_hash_mouse_series_experiment_un_fkey FOREIGN KEY (dataset_hash, mouse, series, experiment, unit) REFERENCES {prefix}dataset.__dataset__unit(dataset_hash, mouse, series, experiment, unit) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}evaluation.__input_gain
    ADD CONSTRAINT __input_gain_dataset_hash_model_hash_trainer_hash_seed_fkey FOREIGN KEY (dataset_hash, model_hash, trainer_hash, seed) REFERENCES {prefix}evaluation.__score(dataset_hash, model_hash, trainer_hash, seed) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}evaluation.__receptive_field__unit
    ADD CONSTRAINT __receptive_field__unit_dataset_hash_fkey FOREIGN KEY (dataset_hash) REFERENCES {prefix}evaluation.__receptive_field(dataset_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}evaluation.__receptive_field__unit
    ADD CONSTRAINT __receptive_field__unit_dataset_hash_mouse_series_experime_fkey FOREIGN KEY (dataset_hash, mouse, series, experiment, unit) REFERENCES {prefix}dataset.__dataset__unit(dataset_hash, mouse, series, experiment, unit) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}evaluation.__receptive_field
    ADD CONSTRAINT __receptive_field_dataset_hash_fkey FOREIGN KEY (dataset_hash) REFERENCES {prefix}dataset.__dataset(dataset_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}evaluation.__score__condition
    ADD CONSTRAINT __score__condition_dataset_hash_model_hash_trainer_hash_se_fkey FOREIGN KEY (dataset_hash, model_hash, trainer_hash, seed) REFERENCES {prefix}evaluation.__score(dataset_hash, model_hash, trainer_hash, seed) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}evaluation.__score__condition
    ADD CONSTRAINT __score__condition_dataset_hash_mouse_series_experiment_un_fkey FOREIGN KEY (dataset_hash, mouse, series, experiment, unit) REFERENCES {prefix}dataset.__dataset__unit(dataset_hash, mouse, series, experiment, unit) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}evaluation.__score__unit
    ADD CONSTRAINT __score__unit_dataset_hash_model_hash_trainer_hash_seed_fkey FOREIGN KEY (dataset_hash, model_hash, trainer_hash, seed) REFERENCES {prefix}evaluation.__score(dataset_hash, model_hash, trainer_hash, seed) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}evaluation.__score__unit
    ADD CONSTRAINT __score__unit_dataset_hash_mouse_series_experiment_unit_fkey FOREIGN KEY (dataset_hash, mouse, series, experiment, unit) REFERENCES {prefix}dataset.__dataset__unit(dataset_hash, mouse, series, experiment, unit) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}evaluation.__score
    ADD CONSTRAINT __score_dataset_hash_model_hash_trainer_hash_seed_fkey FOREIGN KEY (dataset_hash, model_hash, trainer_hash, seed) REFERENCES {prefix}training.__trained_model(dataset_hash, model_hash, trainer_hash, seed) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}experiment.experiment__fit
    ADD CONSTRAINT experiment__fit_dataset_hash_fkey FOREIGN KEY (dataset_hash) REFERENCES {prefix}dataset.dataset_config(dataset_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}experiment.experiment__fit
    ADD CONSTRAINT experiment__fit_experiment_name_fkey FOREIGN KEY (experiment_name) REFERENCES {prefix}experiment.experiment(experiment_name) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}experiment.experiment__fit
    ADD CONSTRAINT experiment__fit_model_hash_fkey FOREIGN KEY (model_hash) REFERENCES {prefix}model.model_config(model_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}experiment.experiment__fit
    ADD CONSTRAINT experiment__fit_seed_fkey FOREIGN KEY (seed) REFERENCES {prefix}trainer.seed(seed) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}experiment.experiment__fit
    ADD CONSTRAINT experiment__fit_trainer_hash_fkey FOREIGN KEY (trainer_hash) REFERENCES {prefix}trainer.trainer_config(trainer_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}fitting.checkpoint
    ADD CONSTRAINT checkpoint_dataset_hash_fkey FOREIGN KEY (dataset_hash) REFERENCES {prefix}dataset.__dataset(dataset_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}fitting.checkpoint
    ADD CONSTRAINT checkpoint_model_hash_fkey FOREIGN KEY (model_hash) REFERENCES {prefix}model.model_config(model_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}fitting.checkpoint
    ADD CONSTRAINT checkpoint_seed_fkey FOREIGN KEY (seed) REFERENCES {prefix}trainer.seed(seed) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}fitting.checkpoint
    ADD CONSTRAINT checkpoint_trainer_hash_fkey FOREIGN KEY (trainer_hash) REFERENCES {prefix}trainer.trainer_config(trainer_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}fitting.epoch
    ADD CONSTRAINT epoch_dataset_hash_fkey FOREIGN KEY (dataset_hash) REFERENCES {prefix}dataset.__dataset(dataset_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}fitting.epoch
    ADD CONSTRAINT epoch_model_hash_fkey FOREIGN KEY (model_hash) REFERENCES {prefix}model.model_config(model_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}fitting.epoch
    ADD CONSTRAINT epoch_seed_fkey FOREIGN KEY (seed) REFERENCES {prefix}trainer.seed(seed) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}fitting.epoch
    ADD CONSTRAINT epoch_trainer_hash_fkey FOREIGN KEY (trainer_hash) REFERENCES {prefix}trainer.trainer_config(trainer_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}fleet.lease
    ADD CONSTRAINT lease_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES {prefix}fleet.worker(worker_id) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei.__m_e_i__stimulus
    ADD CONSTRAINT __m_e_i__stimulus_dataset_hash_model_hash_trainer_hash_see_fkey FOREIGN KEY (dataset_hash, model_hash, trainer_hash, seed, mei_hash) REFERENCES {prefix}mei.__m_e_i(dataset_hash, model_hash, trainer_hash, seed, mei_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei.__m_e_i__stimulus
    ADD CONSTRAINT __m_e_i__stimulus_dataset_hash_mouse_series_experiment_uni_fkey FOREIGN KEY (dataset_hash, mouse, series, experiment, unit) REFERENCES {prefix}dataset.__dataset__unit(dataset_hash, mouse, series, experiment, unit) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei.__m_e_i__stimulus
    ADD CONSTRAINT __m_e_i__stimulus_opto_condition_fkey FOREIGN KEY (opto_condition) REFERENCES {prefix}optogenetics."#opto_condition"(opto_condition) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei.__m_e_i
    ADD CONSTRAINT __m_e_i_dataset_hash_model_hash_trainer_hash_seed_fkey FOREIGN KEY (dataset_hash, model_hash, trainer_hash, seed) REFERENCES {prefix}evaluation.__score(dataset_hash, model_hash, trainer_hash, seed) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei.__m_e_i
    ADD CONSTRAINT __m_e_i_mei_hash_fkey FOREIGN KEY (mei_hash) REFERENCES {prefix}mei.m_e_i_config(mei_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei.m_e_i_config__leaf
    ADD CONSTRAINT m_e_i_config__leaf_mei_hash_fkey FOREIGN KEY (mei_hash) REFERENCES {prefix}mei.m_e_i_config(mei_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei.m_e_i_plan
    ADD CONSTRAINT m_e_i_plan_experiment_name_fkey FOREIGN KEY (experiment_name) REFERENCES {prefix}experiment.experiment(experiment_name) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei.m_e_i_plan
    ADD CONSTRAINT m_e_i_plan_mei_hash_fkey FOREIGN KEY (mei_hash) REFERENCES {prefix}mei.m_e_i_config(mei_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei_contrast.__m_e_i_contrast__distance
    ADD CONSTRAINT __m_e_i_contrast__distance_dataset_hash_model_hash_trainer_fkey FOREIGN KEY (dataset_hash, model_hash, trainer_hash, seed, mei_hash) REFERENCES {prefix}mei_contrast.__m_e_i_contrast(dataset_hash, model_hash, trainer_hash, seed, mei_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei_contrast.__m_e_i_contrast__distance
    ADD CONSTRAINT __m_e_i_contrast__distance_dataset_hash_mouse_series_exper_fkey FOREIGN KEY (dataset_hash, mouse, series, experiment, unit) REFERENCES {prefix}dataset.__dataset__unit(dataset_hash, mouse, series, experiment, unit) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei_contrast.__m_e_i_contrast__unit
    ADD CONSTRAINT __m_e_i_contrast__unit_dataset_hash_model_hash_trainer_has_fkey FOREIGN KEY (dataset_hash, model_hash, trainer_hash, seed, mei_hash) REFERENCES {prefix}mei_contrast.__m_e_i_contrast(dataset_hash, model_hash, trainer_hash, seed, mei_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei_contrast.__m_e_i_contrast__unit
    ADD CONSTRAINT __m_e_i_contrast__unit_dataset_hash_mouse_series_experimen_fkey FOREIGN KEY (dataset_hash, mouse, series, experiment, unit) REFERENCES {prefix}dataset.__dataset__unit(dataset_hash, mouse, series, experiment, unit) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei_contrast.__m_e_i_contrast
    ADD CONSTRAINT __m_e_i_contrast_dataset_hash_model_hash_trainer_hash_seed_fkey FOREIGN KEY (dataset_hash, model_hash, trainer_hash, seed, mei_hash) REFERENCES {prefix}mei.__m_e_i(dataset_hash, model_hash, trainer_hash, seed, mei_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei_control.__m_e_i_control__stimulus
    ADD CONSTRAINT __m_e_i_control__stimulus_dataset_hash_model_hash_trainer__fkey FOREIGN KEY (dataset_hash, model_hash, trainer_hash, seed, mei_hash) REFERENCES {prefix}mei_control.__m_e_i_control(dataset_hash, model_hash, trainer_hash, seed, mei_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei_control.__m_e_i_control__stimulus
    ADD CONSTRAINT __m_e_i_control__stimulus_dataset_hash_mouse_series_experi_fkey FOREIGN KEY (dataset_hash, mouse, series, experiment, unit) REFERENCES {prefix}dataset.__dataset__unit(dataset_hash, mouse, series, experiment, unit) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei_control.__m_e_i_control__stimulus
    ADD CONSTRAINT __m_e_i_control__stimulus_opto_condition_fkey FOREIGN KEY (opto_condition) REFERENCES {prefix}optogenetics."#opto_condition"(opto_condition) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei_control.__m_e_i_control
    ADD CONSTRAINT __m_e_i_control_dataset_hash_fkey FOREIGN KEY (dataset_hash) REFERENCES {prefix}evaluation.__receptive_field(dataset_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}mei_control.__m_e_i_control
    ADD CONSTRAINT __m_e_i_control_dataset_hash_model_hash_trainer_hash_seed__fkey FOREIGN KEY (dataset_hash, model_hash, trainer_hash, seed, mei_hash) REFERENCES {prefix}mei.__m_e_i(dataset_hash, model_hash, trainer_hash, seed, mei_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}model.model_config__leaf
    ADD CONSTRAINT model_config__leaf_model_hash_fkey FOREIGN KEY (model_hash) REFERENCES {prefix}model.model_config(model_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}optogenetics.opto_epoch
    ADD CONSTRAINT opto_epoch_mouse_series_experiment_fkey FOREIGN KEY (mouse, series, experiment) REFERENCES {prefix}session.session(mouse, series, experiment) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}optogenetics.opto_epoch
    ADD CONSTRAINT opto_epoch_opto_protocol_fkey FOREIGN KEY (opto_protocol) REFERENCES {prefix}optogenetics.opto_protocol(opto_protocol) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}recording._recording__binned
    ADD CONSTRAINT _recording__binned_mouse_series_experiment_fkey FOREIGN KEY (mouse, series, experiment) REFERENCES {prefix}recording._recording(mouse, series, experiment) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}recording._recording__binned
    ADD CONSTRAINT _recording__binned_mouse_series_experiment_unit_fkey FOREIGN KEY (mouse, series, experiment, unit) REFERENCES {prefix}session.unit(mouse, series, experiment, unit) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}recording._recording__bins
    ADD CONSTRAINT _recording__bins_mouse_series_experiment_fkey FOREIGN KEY (mouse, series, experiment) REFERENCES {prefix}recording._recording(mouse, series, experiment) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}recording._recording__signal
    ADD CONSTRAINT _recording__signal_mouse_series_experiment_fkey FOREIGN KEY (mouse, series, experiment) REFERENCES {prefix}recording._recording(mouse, series, experiment) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}recording._recording__spikes
    ADD CONSTRAINT _recording__spikes_mouse_series_experiment_fkey FOREIGN KEY (mouse, series, experiment) REFERENCES {prefix}recording._recording(mouse, series, experiment) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}recording._recording__spikes
    ADD CONSTRAINT _recording__spikes_mouse_series_experiment_unit_fkey FOREIGN KEY (mouse, series, experiment, unit) REFERENCES {prefix}session.unit(mouse, series, experiment, unit) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}recording._recording
    ADD CONSTRAINT _recording_mouse_series_experiment_fkey FOREIGN KEY (mouse, series, experiment) REFERENCES {prefix}recording.raw_file(mouse, series, experiment) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}recording.raw_file
    ADD CONSTRAINT raw_file_mouse_series_experiment_fkey FOREIGN KEY (mouse, series, experiment) REFERENCES {prefix}session.session(mouse, series, experiment) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}search.pruned_trial
    ADD CONSTRAINT pruned_trial_study_name_trial_fkey FOREIGN KEY (study_name, trial) REFERENCES {prefix}search.study__trial(study_name, trial) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}search.study__trial
    ADD CONSTRAINT study__trial_dataset_hash_fkey FOREIGN KEY (dataset_hash) REFERENCES {prefix}dataset.dataset_config(dataset_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}search.study__trial
    ADD CONSTRAINT study__trial_model_hash_fkey FOREIGN KEY (model_hash) REFERENCES {prefix}model.model_config(model_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}search.study__trial
    ADD CONSTRAINT study__trial_seed_fkey FOREIGN KEY (seed) REFERENCES {prefix}trainer.seed(seed) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}search.study__trial
    ADD CONSTRAINT study__trial_study_name_fkey FOREIGN KEY (study_name) REFERENCES {prefix}search.study(study_name) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}search.study__trial
    ADD CONSTRAINT study__trial_trainer_hash_fkey FOREIGN KEY (trainer_hash) REFERENCES {prefix}trainer.trainer_config(trainer_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}session.session
    ADD CONSTRAINT session_mouse_fkey FOREIGN KEY (mouse) REFERENCES {prefix}session.mouse(mouse) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}session.unit
    ADD CONSTRAINT unit_mouse_series_experiment_fkey FOREIGN KEY (mouse, series, experiment) REFERENCES {prefix}session.session(mouse, series, experiment) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}stimulus.frame_onsets
    ADD CONSTRAINT frame_onsets_mouse_series_experiment_trial_fkey FOREIGN KEY (mouse, series, experiment, trial) REFERENCES {prefix}stimulus.presentation(mouse, series, experiment, trial) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}stimulus.presentation
    ADD CONSTRAINT presentation_mouse_series_experiment_fkey FOREIGN KEY (mouse, series, experiment) REFERENCES {prefix}session.session(mouse, series, experiment) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}stimulus.presentation
    ADD CONSTRAINT presentation_movie_scene_fkey FOREIGN KEY (movie, scene) REFERENCES {prefix}stimulus.scene(movie, scene) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}stimulus.scene
    ADD CONSTRAINT scene_movie_fkey FOREIGN KEY (movie) REFERENCES {prefix}stimulus.movie(movie) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}trainer.trainer_config__leaf
    ADD CONSTRAINT trainer_config__leaf_trainer_hash_fkey FOREIGN KEY (trainer_hash) REFERENCES {prefix}trainer.trainer_config(trainer_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}training.__trained_model
    ADD CONSTRAINT __trained_model_dataset_hash_fkey FOREIGN KEY (dataset_hash) REFERENCES {prefix}dataset.__dataset(dataset_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}training.__trained_model
    ADD CONSTRAINT __trained_model_model_hash_fkey FOREIGN KEY (model_hash) REFERENCES {prefix}model.model_config(model_hash) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}training.__trained_model
    ADD CONSTRAINT __trained_model_seed_fkey FOREIGN KEY (seed) REFERENCES {prefix}trainer.seed(seed) ON UPDATE CASCADE ON DELETE RESTRICT;;
ALTER TABLE ONLY {prefix}training.__trained_model
    ADD CONSTRAINT __trained_model_trainer_hash_fkey FOREIGN KEY (trainer_hash) REFERENCES {prefix}trainer.trainer_config(trainer_hash) ON UPDATE CASCADE ON DELETE RESTRICT
