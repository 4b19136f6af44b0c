-- The tables and columns of store-sqlite's schema 3, by the same names, so that rows can be copied by name.
-- Ids are UUIDv7, so that index entries are appended. Times are whole seconds since 1970. Sets and lists are JSON text;
-- scope is text as RFC 6749 §3.3 writes it. Text is compared by its bytes (COLLATE "C"), whatever the database's locale.

CREATE TABLE clients (
    id                           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name                         TEXT COLLATE "C" NOT NULL,
    -- How it authenticates, and the secret that this takes: a hash, or a secret under the master key.
    auth_method                  TEXT COLLATE "C" NOT NULL,
    secret_hash                  BYTEA CHECK (length(secret_hash) = 32),
    secret_sealed                BYTEA,
    -- Its public keys: here, or at an address.
    jwks                         TEXT COLLATE "C",
    jwks_uri                     TEXT COLLATE "C",
    application_type             TEXT COLLATE "C" NOT NULL,
    redirect_uris                TEXT COLLATE "C" NOT NULL CHECK (json_typeof(redirect_uris::json) = 'array'),
    post_logout_redirect_uris    TEXT COLLATE "C" NOT NULL
        CHECK (json_typeof(post_logout_redirect_uris::json) = 'array'),
    grant_types                  TEXT COLLATE "C" NOT NULL CHECK (json_typeof(grant_types::json) = 'array'),
    scope                        TEXT COLLATE "C" NOT NULL,
    resources                    TEXT COLLATE "C" NOT NULL CHECK (json_typeof(resources::json) = 'array'),
    introspects                  TEXT COLLATE "C" NOT NULL CHECK (json_typeof(introspects::json) = 'array'),
    id_token_signed_response_alg TEXT COLLATE "C" NOT NULL,
    require_pkce                 BOOLEAN NOT NULL,
    -- One JSON object each: what they hold means nothing to the store.
    openid                       TEXT COLLATE "C" NOT NULL CHECK (json_typeof(openid::json) = 'object'),
    presentation                 TEXT COLLATE "C" NOT NULL CHECK (json_typeof(presentation::json) = 'object'),
    -- when it registered itself
    registration                 TEXT COLLATE "C" CHECK (json_typeof(registration::json) = 'object'),
    -- whether it has an OAuth 1.0a side, and which
    oauth1                       BOOLEAN NOT NULL,
    oauth1_secret_sealed         BYTEA,
    oauth1_rsa_public_key        BYTEA,
    oauth1_token_ttl_seconds     BIGINT,
    oauth1_retires_at            BIGINT,
    -- whose tokens it may exchange, when it may
    exchange_subjects            TEXT COLLATE "C" CHECK (json_typeof(exchange_subjects::json) = 'array'),
    exchange_may_impersonate     BOOLEAN,
    inspect_until                BIGINT,
    created_at                   BIGINT NOT NULL,
    CHECK ((auth_method IN ('client_secret', 'client_secret_basic', 'client_secret_post')) = (secret_hash IS NOT NULL)),
    CHECK ((auth_method = 'client_secret_jwt') = (secret_sealed IS NOT NULL)),
    CHECK (jwks IS NULL OR jwks_uri IS NULL),
    CHECK (oauth1 OR num_nonnulls(oauth1_secret_sealed, oauth1_rsa_public_key, oauth1_token_ttl_seconds,
        oauth1_retires_at) = 0),
    CHECK ((exchange_subjects IS NULL) = (exchange_may_impersonate IS NULL))
);
CREATE INDEX clients_that_registered ON clients (created_at) WHERE registration IS NOT NULL;

CREATE TABLE users (
    id            UUID NOT NULL PRIMARY KEY,
    username      TEXT COLLATE "C" NOT NULL,
    -- The form that is compared: trimmed, lower case.
    username_key  TEXT COLLATE "C" NOT NULL UNIQUE,
    password_hash TEXT COLLATE "C",
    -- One JSON object: the claims of OpenID Connect Core §5.1 mean nothing to the store.
    claims        TEXT COLLATE "C" NOT NULL CHECK (json_typeof(claims::json) = 'object'),
    -- The e-mail address, when it is verified, in the form that is compared: with small letters where ASCII has them.
    email_key     TEXT COLLATE "C",
    created_at    BIGINT NOT NULL
);
CREATE INDEX users_by_email ON users (email_key, created_at) WHERE email_key IS NOT NULL;

CREATE TABLE sessions (
    id         UUID NOT NULL PRIMARY KEY,
    -- Its name to clients.
    sid        UUID NOT NULL UNIQUE,
    user_id    UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    auth_time  BIGINT NOT NULL,
    amr        TEXT COLLATE "C" NOT NULL CHECK (json_typeof(amr::json) = 'array'),
    acr        TEXT COLLATE "C" NOT NULL,
    -- from where
    address    TEXT COLLATE "C" NOT NULL,
    user_agent TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Who is to hear of the end of a session. No foreign key to it: a new sign-in replaces the row of the session and keeps
-- its sid.
CREATE TABLE participants (
    sid       UUID NOT NULL,
    client_id TEXT COLLATE "C" NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    sub       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (sid, client_id)
);
CREATE INDEX participants_by_client ON participants (client_id);

CREATE TABLE consents (
    user_id    UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id  TEXT COLLATE "C" NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    scope      TEXT COLLATE "C" NOT NULL,
    resources  TEXT COLLATE "C" NOT NULL CHECK (json_typeof(resources::json) = 'array'),
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, client_id)
);
CREATE INDEX consents_by_client ON consents (client_id);

-- One row for one grant through its whole life. Codes and tokens are computed from it, never stored. Its JSON is not
-- parsed by a CHECK: a check of any column is made again with every rotation.
CREATE TABLE grants (
    id                     UUID NOT NULL PRIMARY KEY,
    client_id              TEXT COLLATE "C" NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    user_id                UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- No foreign key: an offline grant outlives its session.
    session_id             UUID,
    scope                  TEXT COLLATE "C" NOT NULL,
    resources              TEXT COLLATE "C" NOT NULL,
    offline                BOOLEAN NOT NULL,
    auth_time              BIGINT NOT NULL,
    amr                    TEXT COLLATE "C" NOT NULL,
    acr                    TEXT COLLATE "C" NOT NULL,
    sid                    UUID,
    -- One JSON object, or NULL where nothing was asked for, as nearly always.
    claims                 TEXT COLLATE "C",
    nonce                  TEXT COLLATE "C",
    created_at             BIGINT NOT NULL,
    expires_at             BIGINT NOT NULL,
    granted_by             TEXT COLLATE "C" NOT NULL,
    -- No foreign key: what it continues may be forgotten first.
    migrated_from          UUID,
    state                  TEXT COLLATE "C" NOT NULL CHECK (state IN ('code_issued', 'active', 'revoked')),
    -- while a code is out
    redirect_uri           TEXT COLLATE "C",
    redirect_uri_was_given BOOLEAN,
    code_challenge         TEXT COLLATE "C",
    code_expires_at        BIGINT,
    -- since it was redeemed
    generation             BIGINT,
    rotated_at             BIGINT,
    idle_expires_at        BIGINT,
    -- since it was revoked
    revoked_why            TEXT COLLATE "C",
    revoked_at             BIGINT,
    -- When it is over, for forgetting it.
    over_at                BIGINT NOT NULL GENERATED ALWAYS AS (
        CASE state
            WHEN 'code_issued' THEN least(code_expires_at, expires_at)
            WHEN 'active' THEN least(idle_expires_at, expires_at)
            ELSE revoked_at
        END) STORED,
    -- The day of it, by which it is found: the day stays when a refresh token rotates, mostly, so that the new version of
    -- the row needs no new entry in any index (a heap-only tuple).
    over_day               BIGINT NOT NULL GENERATED ALWAYS AS (
        CASE state
            WHEN 'code_issued' THEN least(code_expires_at, expires_at)
            WHEN 'active' THEN least(idle_expires_at, expires_at)
            ELSE revoked_at
        END / 86400) STORED,
    CHECK (state <> 'code_issued'
        OR (redirect_uri IS NOT NULL AND redirect_uri_was_given IS NOT NULL AND code_expires_at IS NOT NULL)),
    CHECK (state <> 'active'
        OR (generation IS NOT NULL AND rotated_at IS NOT NULL AND idle_expires_at IS NOT NULL)),
    CHECK (state <> 'revoked' OR (revoked_why IS NOT NULL AND revoked_at IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX grants_by_user ON grants (user_id, client_id);
-- With the time, so that the latest grants of a client are found without reading all of them.
CREATE INDEX grants_by_client ON grants (client_id, created_at);
CREATE INDEX grants_by_session ON grants (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX grants_by_end ON grants (over_day);

CREATE TABLE revoked_tokens (
    jti        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);

CREATE TABLE devices (
    id            UUID NOT NULL PRIMARY KEY,
    client_id     TEXT COLLATE "C" NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    user_code_key TEXT COLLATE "C" NOT NULL UNIQUE,
    scope         TEXT COLLATE "C" NOT NULL,
    resources     TEXT COLLATE "C" NOT NULL,
    asked_from    TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    polled_at     BIGINT,
    state         TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'approved', 'denied')),
    -- No foreign key: a device that asks after its grant is gone is told so.
    grant_id      UUID,
    CHECK ((state = 'approved') = (grant_id IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX devices_by_client ON devices (client_id);
CREATE INDEX devices_by_expiry ON devices (expires_at);

CREATE TABLE nonces (
    key        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX nonces_by_expiry ON nonces (expires_at);

CREATE TABLE totp (
    user_id       UUID NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret_sealed BYTEA NOT NULL,
    created_at    BIGINT NOT NULL,
    last_step     BIGINT NOT NULL
);

-- They go with the one-time codes that they stand in for.
CREATE TABLE recovery_codes (
    user_id UUID NOT NULL REFERENCES totp (user_id) ON DELETE CASCADE,
    hash    BYTEA NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (user_id, hash)
);

CREATE TABLE passkeys (
    id           BYTEA NOT NULL PRIMARY KEY,
    user_id      UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT COLLATE "C" NOT NULL,
    public_key   BYTEA NOT NULL,
    sign_count   BIGINT NOT NULL,
    backed_up    BOOLEAN NOT NULL,
    transports   TEXT COLLATE "C" NOT NULL CHECK (json_typeof(transports::json) = 'array'),
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX passkeys_by_user ON passkeys (user_id, created_at);

CREATE TABLE links (
    provider   TEXT COLLATE "C" NOT NULL,
    subject    TEXT COLLATE "C" NOT NULL,
    user_id    UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    label      TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (provider, subject)
);
CREATE INDEX links_by_user ON links (user_id);

CREATE TABLE outbox (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind       TEXT COLLATE "C" NOT NULL,
    -- of a logout. It goes with its client, but no foreign key ties it to the person: a client is to hear that somebody
    -- is gone.
    client_id  TEXT COLLATE "C" REFERENCES clients (id) ON DELETE CASCADE,
    sub        TEXT COLLATE "C",
    sid        UUID,
    -- of an e-mail
    sealed     BYTEA,
    attempts   BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    next_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CHECK ((kind = 'back_channel_logout') = (num_nulls(client_id, sub, sid) = 0)),
    CHECK ((kind = 'mail') = (sealed IS NOT NULL))
);
CREATE INDEX outbox_by_turn ON outbox (next_at, created_at);
CREATE INDEX outbox_by_expiry ON outbox (expires_at);
CREATE INDEX outbox_by_client ON outbox (client_id) WHERE client_id IS NOT NULL;

CREATE TABLE signing_keys (
    kid        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    alg        TEXT COLLATE "C" NOT NULL,
    sealed     BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT,
    expires_at BIGINT
);
-- At most one key of an algorithm signs.
CREATE UNIQUE INDEX signing_keys_that_sign ON signing_keys (alg) WHERE retired_at IS NULL;

CREATE TABLE attempts (
    key            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    failures       BIGINT NOT NULL,
    window_ends_at BIGINT NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX attempts_by_end ON attempts (window_ends_at);

-- One row. `stamp` grows with every change of clients and keys; `beats` with every check of readiness.
CREATE TABLE pulse (
    id    BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    stamp BIGINT NOT NULL,
    beats BIGINT NOT NULL
) WITH (fillfactor = 50);
INSERT INTO pulse (id, stamp, beats) VALUES (1, 0, 0);
