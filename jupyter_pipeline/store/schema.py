"""The tables of the store as data.

A new version adds to it and raises VERSION; run on an older store, it adds what that does not have.
"""

VERSION = 3
APPLICATION_ID = 0x4A50504C  # "JPPL": tells our file from any other database
SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS requests (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    workspace TEXT NOT NULL,
    backend TEXT NOT NULL,
    requested_actions TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    force INTEGER NOT NULL,
    organisation TEXT,
    branch TEXT,
    commit_id TEXT,
    dirty INTEGER NOT NULL,
    code TEXT,
    project_yaml TEXT NOT NULL,
    plan TEXT NOT NULL,
    cancelled INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    request_id TEXT NOT NULL REFERENCES requests (id),
    action TEXT NOT NULL,
    state TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    run_command TEXT NOT NULL,
    reason TEXT NOT NULL,
    task TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    wait_for TEXT NOT NULL,
    runtime TEXT NOT NULL,
    executor TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    started_at TEXT,
    completed_at TEXT,
    elapsed REAL,
    exit_code INTEGER,
    cpu_time REAL,
    peak_memory INTEGER,
    cancelled INTEGER NOT NULL,
    revision INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS jobs_by_action ON jobs (action, seq);
CREATE INDEX IF NOT EXISTS jobs_by_request ON jobs (request_id, seq);
CREATE INDEX IF NOT EXISTS jobs_active ON jobs (seq) WHERE state IN ('pending', 'running');
CREATE TABLE IF NOT EXISTS outputs (
    job_id TEXT NOT NULL REFERENCES jobs (id),
    path TEXT NOT NULL,
    level TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    rows INTEGER,
    columns INTEGER,
    message TEXT,
    PRIMARY KEY (job_id, path)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cells (
    job_id TEXT NOT NULL REFERENCES jobs (id),
    number INTEGER NOT NULL,
    total INTEGER NOT NULL,
    state TEXT NOT NULL,
    at TEXT NOT NULL,
    elapsed REAL,
    line TEXT NOT NULL,
    PRIMARY KEY (job_id, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS submissions (
    key TEXT PRIMARY KEY,
    request_id TEXT NOT NULL REFERENCES requests (id),
    asked TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS views (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    kind TEXT NOT NULL,
    job_id TEXT,
    path TEXT,
    detail TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS views_of_switch ON views (seq) WHERE kind IN ('synthetic_on', 'synthetic_off');
CREATE INDEX IF NOT EXISTS views_by_job ON views (job_id, kind, who);
CREATE TABLE IF NOT EXISTS workspace (path TEXT PRIMARY KEY, job_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS latest (action TEXT PRIMARY KEY, job_id TEXT NOT NULL, digest TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS code_uses (digest TEXT PRIMARY KEY, files TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    request_id TEXT NOT NULL,
    job_id TEXT,
    action TEXT,
    state TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_by_job ON events (job_id, revision);
CREATE INDEX IF NOT EXISTS events_by_request ON events (request_id, revision) WHERE kind = 'request';
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
COMMIT;
"""
