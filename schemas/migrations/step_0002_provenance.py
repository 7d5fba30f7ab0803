"""Every computed row says which code, environment and data it came from; what a verification found is kept."""

from schemas.migrations.tables import Tables

CODE = """
    # code that computed rows
    code_hash : char(32)  # sha256 of what follows, first 128 bits
    ---
    code_version : varchar(32)  # of dlgn_cnn
    git_commit=null : varchar(64)  # where it runs from a git checkout
    changes_digest=null : char(64)  # sha256 of what is not committed; null where nothing is
    source_digest : char(64)  # sha256 of its source files
    """
CODE_PACKAGE = """
    # package beside ours whose functions a config may name
    -> master
    package : varchar(128)
    ---
    package_version="" : varchar(64)
    package_digest : char(64)  # sha256 of its source files
    """
ENVIRONMENT = """
    # what rows were computed with
    environment_hash : char(32)  # sha256 of what follows and of the packages, first 128 bits
    ---
    python : varchar(32)
    platform : varchar(128)  # operating system, machine and C library
    processor : varchar(128)
    torch : varchar(64)
    accelerator : varchar(64)  # the GPU's name, or cpu
    driver="" : varchar(64)  # of the GPU, with CUDA's version
    threads : int16  # of torch
    deterministic : bool  # whether torch was kept to deterministic algorithms
    packages_digest : char(64)  # sha256 of the installed distributions and their versions
    """
ENVIRONMENT_PACKAGE = """
    # installed distribution
    -> master
    package : varchar(128)
    ---
    package_version : varchar(64)
    """
PROVENANCE = """
    # what a row was computed by, with and from
    -> master
    ---
    -> Code
    -> Environment
    inputs : json  # digests of what it was computed from, by name
    outputs : json  # digests of the rows that were inserted, by table, in the order of their keys
    host : varchar(255)
    computed : datetime  # UTC
    duration_s : float64  # of the computation
    """
VERIFICATION = """
    # what came of computing a row anew, or of checking its digests
    verified_table : varchar(64)
    key_hash : char(32)  # as in the tables of the fleet
    verified : datetime(3)  # UTC
    ---
    verified_key : json
    verdict : enum('equal', 'close', 'sound', 'differs', 'damaged', 'failed')
    deviation=null : float64  # the largest, where it was computed anew
    tolerance=null : float64  # up to which it counts as close
    findings : json  # what differs or is damaged, and how
    -> Code
    -> Environment
    verification_s : float64  # how long it took
    """
COMPUTED = (
    "recording._recording",
    "dataset.__dataset",
    "training.__trained_model",
    "evaluation.__score",
    "evaluation.__feedback_modulation",
    "evaluation.__input_gain",
    "evaluation.__receptive_field",
    "ensemble.__ensemble_score",
    "mei.__m_e_i",
    "mei_control.__m_e_i_control",
    "mei_contrast.__m_e_i_contrast",
)


def upgrade(tables: Tables) -> None:
    """Make the tables; rows that were computed before have no provenance, since nobody knows it."""
    who = {"Code": "provenance.code", "Environment": "provenance.environment"}
    tables.create_table("provenance.code", CODE)
    tables.create_table("provenance.code__package", CODE_PACKAGE, {"master": "provenance.code"})
    tables.create_table("provenance.environment", ENVIRONMENT)
    tables.create_table("provenance.environment__package", ENVIRONMENT_PACKAGE, {"master": "provenance.environment"})
    for name in COMPUTED:
        tables.create_table(f"{name}__provenance", PROVENANCE, {**who, "master": name})
    tables.create_table("verification.verification", VERIFICATION, who)
