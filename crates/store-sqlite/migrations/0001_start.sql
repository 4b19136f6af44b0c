-- Ids are UUIDv7 as 16 bytes, so that rows and index entries are appended. Times are whole seconds since 1970.
-- Sets and lists are JSON text; scope is text as RFC 6749 §3.3 writes it. Wide rows keep the rowid
-- (https://sqlite.org/withoutrowid.html, "When To Use WITHOUT ROWID"); narrow ones live in their primary key.

CREATE TABLE clients (
    id                           TEXT NOT NULL PRIMARY KEY,
    name                         TEXT NOT NULL,
    auth_method                  TEXT NOT NULL,
    secret_hash                  BLOB CHECK (length(secret_hash) = 32),
    application_type             TEXT NOT NULL,
    redirect_uris                TEXT NOT NULL CHECK (json_type(redirect_uris) = 'array'),
    post_logout_redirect_uris    TEXT NOT NULL CHECK (json_type(post_logout_redirect_uris) = 'array'),
    grant_types                  TEXT NOT NULL CHECK (json_type(grant_types) = 'array'),
    scope                        TEXT NOT NULL,
    resources                    TEXT NOT NULL CHECK (json_type(resources) = 'array'),
    introspects                  TEXT NOT NULL CHECK (json_type(introspects) = 'array'),
    id_token_signed_response_alg TEXT NOT NULL,
    require_pkce                 INTEGER NOT NULL,
    inspect_until                INTEGER,
    created_at                   INTEGER NOT NULL,
    CHECK ((auth_method = 'none') = (secret_hash IS NULL))
) STRICT;

CREATE TABLE users (
    id            BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    username      TEXT NOT NULL,
    -- The form that is compared: trimmed, lower case.
    username_key  TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    -- One JSON object: the claims of OpenID Connect Core §5.1 mean nothing to the store.
    claims        TEXT NOT NULL CHECK (json_type(claims) = 'object'),
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    id         BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id    BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    auth_time  INTEGER NOT NULL,
    amr        TEXT NOT NULL CHECK (json_type(amr) = 'array'),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE consents (
    user_id    BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id  TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    scope      TEXT NOT NULL,
    resources  TEXT NOT NULL CHECK (json_type(resources) = 'array'),
    granted_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX consents_by_client ON consents (client_id);

-- One row for one grant through its whole life. Codes and tokens are computed from it, never stored.
CREATE TABLE grants (
    id                     BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    client_id              TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    user_id                BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- No foreign key: an offline grant outlives its session.
    session_id             BLOB CHECK (length(session_id) = 16),
    scope                  TEXT NOT NULL,
    resources              TEXT NOT NULL CHECK (json_type(resources) = 'array'),
    offline                INTEGER NOT NULL,
    auth_time              INTEGER NOT NULL,
    amr                    TEXT NOT NULL CHECK (json_type(amr) = 'array'),
    nonce                  TEXT,
    created_at             INTEGER NOT NULL,
    expires_at             INTEGER NOT NULL,
    state                  TEXT NOT NULL CHECK (state IN ('code_issued', 'active', 'revoked')),
    -- while a code is out
    redirect_uri           TEXT,
    redirect_uri_was_given INTEGER,
    code_challenge         TEXT,
    code_expires_at        INTEGER,
    -- since it was redeemed
    generation             INTEGER,
    rotated_at             INTEGER,
    idle_expires_at        INTEGER,
    -- since it was revoked
    revoked_why            TEXT,
    revoked_at             INTEGER,
    -- When it is over, for forgetting it.
    over_at                INTEGER NOT NULL GENERATED ALWAYS AS (
        CASE state
            WHEN 'code_issued' THEN min(code_expires_at, expires_at)
            WHEN 'active' THEN min(idle_expires_at, expires_at)
            ELSE revoked_at
        END) VIRTUAL,
    CHECK (state <> 'code_issued' OR (redirect_uri IS NOT NULL AND redirect_uri_was_given IS NOT NULL)),
    CHECK (state <> 'active' OR (generation IS NOT NULL AND rotated_at IS NOT NULL)),
    CHECK (state <> 'revoked' OR revoked_why IS NOT NULL)
) STRICT;
CREATE INDEX grants_by_user ON grants (user_id, client_id);
CREATE INDEX grants_by_client ON grants (client_id);
CREATE INDEX grants_by_session ON grants (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX grants_by_end ON grants (over_at);

CREATE TABLE revoked_tokens (
    jti        TEXT NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);

CREATE TABLE signing_keys (
    kid        TEXT NOT NULL PRIMARY KEY,
    alg        TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    retired_at INTEGER,
    expires_at INTEGER
) STRICT;
-- At most one key of an algorithm signs.
CREATE UNIQUE INDEX signing_keys_that_sign ON signing_keys (alg) WHERE retired_at IS NULL;

CREATE TABLE attempts (
    key            TEXT NOT NULL PRIMARY KEY,
    failures       INTEGER NOT NULL,
    window_ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_by_end ON attempts (window_ends_at);

-- One row. `stamp` grows with every change of clients and keys; `beats` with every check of readiness.
CREATE TABLE pulse (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    stamp INTEGER NOT NULL,
    beats INTEGER NOT NULL
) STRICT;
INSERT INTO pulse (id, stamp, beats) VALUES (1, 0, 0);
