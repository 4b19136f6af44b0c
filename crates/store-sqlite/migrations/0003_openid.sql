-- OpenID Connect: relying parties, sessions that clients know by name, second factors, accounts elsewhere, and what waits
-- to be delivered (docs/decisions/0015-sqlite-schema-3.md). Foreign keys are off while this runs, and checked before it is
-- committed.

-- The clients of version 2 had keys only to authenticate with; that CHECK goes away with the table that has it.
CREATE TABLE new_clients (
    id                           TEXT NOT NULL PRIMARY KEY,
    name                         TEXT NOT NULL,
    -- How it authenticates, and the secret that this takes: a hash, or a secret under the master key.
    auth_method                  TEXT NOT NULL,
    secret_hash                  BLOB CHECK (length(secret_hash) = 32),
    secret_sealed                BLOB,
    -- Its public keys: here, or at an address.
    jwks                         TEXT,
    jwks_uri                     TEXT,
    application_type             TEXT NOT NULL,
    redirect_uris                TEXT NOT NULL CHECK (json_type(redirect_uris) = 'array'),
    post_logout_redirect_uris    TEXT NOT NULL CHECK (json_type(post_logout_redirect_uris) = 'array'),
    grant_types                  TEXT NOT NULL CHECK (json_type(grant_types) = 'array'),
    scope                        TEXT NOT NULL,
    resources                    TEXT NOT NULL CHECK (json_type(resources) = 'array'),
    introspects                  TEXT NOT NULL CHECK (json_type(introspects) = 'array'),
    id_token_signed_response_alg TEXT NOT NULL,
    require_pkce                 INTEGER NOT NULL,
    -- One JSON object each: what they hold means nothing to the store.
    openid                       TEXT NOT NULL CHECK (json_type(openid) = 'object'),
    presentation                 TEXT NOT NULL CHECK (json_type(presentation) = 'object'),
    -- when it registered itself
    registration                 TEXT CHECK (json_type(registration) = 'object'),
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
    CHECK (jwks IS NULL OR jwks_uri IS NULL),
    CHECK (oauth1 OR coalesce(oauth1_secret_sealed, oauth1_rsa_public_key, oauth1_token_ttl_seconds,
        oauth1_retires_at) IS NULL),
    CHECK ((exchange_subjects IS NULL) = (exchange_may_impersonate IS NULL))
) STRICT;
INSERT INTO new_clients (id, name, auth_method, secret_hash, secret_sealed, jwks, application_type, redirect_uris,
    post_logout_redirect_uris, grant_types, scope, resources, introspects, id_token_signed_response_alg, require_pkce,
    openid, presentation, oauth1, oauth1_secret_sealed, oauth1_rsa_public_key, oauth1_token_ttl_seconds,
    oauth1_retires_at, exchange_subjects, exchange_may_impersonate, inspect_until, created_at)
SELECT id, name, auth_method, secret_hash, secret_sealed, jwks, application_type, redirect_uris,
    post_logout_redirect_uris, grant_types, scope, resources, introspects, id_token_signed_response_alg, require_pkce,
    '{}', '{}', oauth1, oauth1_secret_sealed, oauth1_rsa_public_key, oauth1_token_ttl_seconds,
    oauth1_retires_at, exchange_subjects, exchange_may_impersonate, inspect_until, created_at
FROM clients ORDER BY id;
DROP TABLE clients;
ALTER TABLE new_clients RENAME TO clients;
CREATE INDEX clients_that_registered ON clients (created_at) WHERE registration IS NOT NULL;

-- The e-mail address, when it is verified, in the form that is compared: with small letters where ASCII has them.
ALTER TABLE users ADD COLUMN email_key TEXT;
UPDATE users SET email_key = lower(claims ->> '$.email') WHERE claims -> '$.email_verified' = 'true';
CREATE INDEX users_by_email ON users (email_key, created_at) WHERE email_key IS NOT NULL;

CREATE TABLE new_sessions (
    id         BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    -- Its name to clients.
    sid        BLOB NOT NULL UNIQUE CHECK (length(sid) = 16),
    user_id    BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    auth_time  INTEGER NOT NULL,
    amr        TEXT NOT NULL CHECK (json_type(amr) = 'array'),
    acr        TEXT NOT NULL,
    -- from where
    address    TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO new_sessions (id, sid, user_id, auth_time, amr, acr, address, user_agent, created_at, expires_at)
SELECT id, id, user_id, auth_time, amr, '1', '', '', created_at, expires_at FROM sessions ORDER BY id;
DROP TABLE sessions;
ALTER TABLE new_sessions RENAME TO sessions;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Who is to hear of the end of a session. No foreign key to it: a new sign-in replaces the row of the session and keeps
-- its sid.
CREATE TABLE participants (
    sid       BLOB NOT NULL CHECK (length(sid) = 16),
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    sub       TEXT NOT NULL,
    PRIMARY KEY (sid, client_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX participants_by_client ON participants (client_id);

-- The defaults are for the grants of version 2: all came by one factor, and no claim was asked for by name.
ALTER TABLE grants ADD COLUMN acr TEXT NOT NULL DEFAULT '1';
ALTER TABLE grants ADD COLUMN sid BLOB CHECK (length(sid) = 16);
-- One JSON object, or NULL where nothing was asked for, as nearly always.
ALTER TABLE grants ADD COLUMN claims TEXT CHECK (json_type(claims) = 'object');

CREATE TABLE totp (
    user_id       BLOB NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret_sealed BLOB NOT NULL,
    created_at    INTEGER NOT NULL,
    last_step     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- They go with the one-time codes that they stand in for.
CREATE TABLE recovery_codes (
    user_id BLOB NOT NULL REFERENCES totp (user_id) ON DELETE CASCADE,
    hash    BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE passkeys (
    id           BLOB NOT NULL PRIMARY KEY,
    user_id      BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    public_key   BLOB NOT NULL,
    sign_count   INTEGER NOT NULL,
    backed_up    INTEGER NOT NULL,
    transports   TEXT NOT NULL CHECK (json_type(transports) = 'array'),
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;
CREATE INDEX passkeys_by_user ON passkeys (user_id, created_at);

CREATE TABLE links (
    provider   TEXT NOT NULL,
    subject    TEXT NOT NULL,
    user_id    BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    label      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (provider, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_by_user ON links (user_id);

CREATE TABLE outbox (
    id         TEXT NOT NULL PRIMARY KEY,
    kind       TEXT NOT NULL,
    -- of a logout. It goes with its client, but no foreign key ties it to the person: a client is to hear that somebody
    -- is gone.
    client_id  TEXT REFERENCES clients (id) ON DELETE CASCADE,
    sub        TEXT,
    sid        BLOB CHECK (length(sid) = 16),
    -- of an e-mail
    sealed     BLOB,
    attempts   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK ((kind = 'back_channel_logout') = (client_id IS NOT NULL AND sub IS NOT NULL AND sid IS NOT NULL)),
    CHECK ((kind = 'mail') = (sealed IS NOT NULL))
) STRICT;
CREATE INDEX outbox_by_turn ON outbox (next_at, created_at);
CREATE INDEX outbox_by_expiry ON outbox (expires_at);
CREATE INDEX outbox_by_client ON outbox (client_id) WHERE client_id IS NOT NULL;
