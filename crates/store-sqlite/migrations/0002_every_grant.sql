-- Every way to get a grant, and OAuth 1.0a beside OAuth 2. Foreign keys are off while this runs, and checked before it
-- is committed (docs/decisions/0014-sqlite-schema-2.md).

-- The clients of version 1 could only have a hash for a secret; that CHECK goes away with the table that has it.
CREATE TABLE new_clients (
    id                           TEXT NOT NULL PRIMARY KEY,
    name                         TEXT NOT NULL,
    -- How it authenticates, and the one thing that this takes: a hash, a secret under the master key, or public keys.
    auth_method                  TEXT NOT NULL,
    secret_hash                  BLOB CHECK (length(secret_hash) = 32),
    secret_sealed                BLOB,
    jwks                         TEXT,
    application_type             TEXT NOT NULL,
    redirect_uris                TEXT NOT NULL CHECK (json_type(redirect_uris) = 'array'),
    post_logout_redirect_uris    TEXT NOT NULL CHECK (json_type(post_logout_redirect_uris) = 'array'),
    grant_types                  TEXT NOT NULL CHECK (json_type(grant_types) = 'array'),
    scope                        TEXT NOT NULL,
    resources                    TEXT NOT NULL CHECK (json_type(resources) = 'array'),
    introspects                  TEXT NOT NULL CHECK (json_type(introspects) = 'array'),
    id_token_signed_response_alg TEXT NOT NULL,
    require_pkce                 INTEGER NOT NULL,
    -- whether it has an OAuth 1.0a side, and which
    oauth1                       INTEGER NOT NULL CHECK (oauth1 IN (0, 1)),
    oauth1_secret_sealed         BLOB,
    oauth1_rsa_public_key        BLOB,
    oauth1_token_ttl_seconds     INTEGER,
    oauth1_retires_at            INTEGER,
    -- whose tokens it may exchange, when it may
    exchange_subjects            TEXT CHECK (json_type(exchange_subjects) = 'array'),
    exchange_may_impersonate     INTEGER,
    inspect_until                INTEGER,
    created_at                   INTEGER NOT NULL,
    CHECK ((auth_method IN ('client_secret', 'client_secret_basic', 'client_secret_post')) = (secret_hash IS NOT NULL)),
    CHECK ((auth_method = 'client_secret_jwt') = (secret_sealed IS NOT NULL)),
    CHECK ((auth_method = 'private_key_jwt') = (jwks IS NOT NULL)),
    CHECK (oauth1 OR coalesce(oauth1_secret_sealed, oauth1_rsa_public_key, oauth1_token_ttl_seconds,
        oauth1_retires_at) IS NULL),
    CHECK ((exchange_subjects IS NULL) = (exchange_may_impersonate IS NULL))
) STRICT;
INSERT INTO new_clients (id, name, auth_method, secret_hash, application_type, redirect_uris,
    post_logout_redirect_uris, grant_types, scope, resources, introspects, id_token_signed_response_alg, require_pkce,
    oauth1, inspect_until, created_at)
SELECT id, name, auth_method, secret_hash, application_type, redirect_uris,
    post_logout_redirect_uris, grant_types, scope, resources, introspects, id_token_signed_response_alg, require_pkce,
    0, inspect_until, created_at
FROM clients ORDER BY id;
DROP TABLE clients;
ALTER TABLE new_clients RENAME TO clients;

-- The default is for the grants of version 1: all of them came by a code.
ALTER TABLE grants ADD COLUMN granted_by TEXT NOT NULL DEFAULT 'authorization_code';
-- No foreign key: what it continues may be forgotten first.
ALTER TABLE grants ADD COLUMN migrated_from BLOB CHECK (length(migrated_from) = 16);
-- With the time, so that the latest grants of a client are found without reading all of them.
DROP INDEX grants_by_client;
CREATE INDEX grants_by_client ON grants (client_id, created_at);

CREATE TABLE devices (
    id            BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    client_id     TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    user_code_key TEXT NOT NULL UNIQUE,
    scope         TEXT NOT NULL,
    resources     TEXT NOT NULL CHECK (json_type(resources) = 'array'),
    asked_from    TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    polled_at     INTEGER,
    state         TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied')),
    -- No foreign key: a device that asks after its grant is gone is told so.
    grant_id      BLOB CHECK (length(grant_id) = 16),
    CHECK ((state = 'approved') = (grant_id IS NOT NULL))
) STRICT;
CREATE INDEX devices_by_client ON devices (client_id);
CREATE INDEX devices_by_expiry ON devices (expires_at);

CREATE TABLE nonces (
    key        TEXT NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX nonces_by_expiry ON nonces (expires_at);
