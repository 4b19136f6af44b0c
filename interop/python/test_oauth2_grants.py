"""The grants that are off until a client is allowed them, assertions of clients, and token exchange, with Authlib and
with requests-oauthlib.

Neither library has token exchange (RFC 8693), and Authlib has no device grant of its own: there its `fetch_token` sends
the grant type that it is given.
"""

import hmac
import json
import time
from base64 import urlsafe_b64encode

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.integrations.requests_client import OAuth2Session as Authlib
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from conftest import Person, eventually
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from oauthlib.oauth2 import (
    AccessDeniedError,
    DeviceClient,
    InvalidGrantError,
    LegacyApplicationClient,
    MobileApplicationClient,
    UnauthorizedClientError,
)
from oauthlib.oauth2.rfc6749.errors import CustomOAuth2Error, OAuth2Error
from requests_oauthlib import OAuth2Session
from test_authlib import CONFIDENTIAL, sign_in

SPA_CALLBACK = "https://spa.example/callback"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
# Authlib's clients over requests and over httpx2.
BOTH = [Authlib, OAuth2Client]


def photos_with(token, server):
    return requests.get(f"{server.photos}/photos", headers={"authorization": f"Bearer {token}"}, timeout=10)


def known(attempt):
    """Tries until the server has seen that the client was registered."""

    def once():
        try:
            return attempt()
        except (OAuthError, OAuth2Error) as refused:
            if refused.error == "invalid_client":
                return None
            raise

    return eventually(once)


# --- implicit ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def old_spa(server):
    added = server.client(
        "add", "old-spa", "--type", "single-page", "--redirect-uri", SPA_CALLBACK, "--allow", "implicit",
        "--scope", "openid photos.read",
    )  # fmt: skip
    assert "RFC 9700" in str(added["warnings"])
    _, url, _ = implicit(server, "old-spa")
    eventually(lambda: requests.get(url, allow_redirects=False, timeout=10).is_redirect)
    return "old-spa"


def implicit(server, client_id, callback=SPA_CALLBACK, **more):
    session = OAuth2Session(
        client=MobileApplicationClient(client_id), scope=["photos.read"], redirect_uri=callback, **more
    )
    url, state = session.authorization_url(server.metadata["authorization_endpoint"], resource=server.photos)
    return session, url, state


def test_the_fragment_of_the_implicit_grant_is_read_by_oauthlib(server, old_spa, signed_in_alice):
    session, url, state = implicit(server, old_spa)
    address = signed_in_alice.authorize(url)
    assert address.startswith(f"{SPA_CALLBACK}#"), "nothing stands in the query"
    token = session.token_from_fragment(address)
    assert token["state"] == state
    assert not {"refresh_token", "id_token", "code"} & set(token)
    assert len(session.get(f"{server.photos}/photos").json()) >= 3


def test_the_fragment_of_the_implicit_grant_is_read_by_authlib(server, old_spa, signed_in_alice):
    session = Authlib(old_spa, scope="photos.read", redirect_uri=SPA_CALLBACK)
    url, state = session.create_authorization_url(
        server.metadata["authorization_endpoint"], response_type="token", resource=server.photos
    )
    token = session.fetch_token(authorization_response=signed_in_alice.authorize(url), state=state)
    assert token["token_type"] == "Bearer"
    assert session.get(f"{server.photos}/photos").status_code == 200


def test_the_implicit_grant_is_refused_in_the_fragment_where_it_is_off(server, signed_in_alice):
    session, url, _ = implicit(server, "mysweetspa", f"{server.app}/spa")
    address = signed_in_alice.authorize(url)
    assert address.startswith(f"{server.app}/spa#error=unauthorized_client")
    with pytest.raises(UnauthorizedClientError):
        session.token_from_fragment(address)


def test_a_person_who_cancels_gives_no_token(server, old_spa):
    session, url, _ = implicit(server, old_spa)
    with pytest.raises(AccessDeniedError):
        session.token_from_fragment(Person(server, "bob", "builder").authorize(url, answer="cancel"))


# --- password ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def legacy(server):
    added = server.client("add", "legacy", "--allow", "password", "--scope", "offline_access photos.read")
    assert "RFC 9700" in str(added["warnings"])
    attempt = {"username": "alice", "password": "wonderland", "resource": server.photos}
    known(lambda: by_password(server, "legacy", added["client_secret"], **attempt)[1])
    return "legacy", added["client_secret"]


def by_password(server, client_id, secret, scope="photos.read", **more):
    session = OAuth2Session(client=LegacyApplicationClient(client_id), scope=scope.split())
    return session, session.fetch_token(server.metadata["token_endpoint"], client_secret=secret, **more)


def test_the_password_grant_of_oauthlib(server, legacy):
    session, token = by_password(server, *legacy, username="alice", password="wonderland", resource=server.photos)
    assert token["scope"] == ["photos.read"]
    assert len(session.get(f"{server.photos}/photos").json()) >= 3


def test_oauthlib_refreshes_what_it_got_by_a_password(server, legacy):
    session, token = by_password(server, *legacy, username="alice", password="wonderland", resource=server.photos)
    fresh = session.refresh_token(server.metadata["token_endpoint"], auth=legacy)
    assert fresh["refresh_token"] != token["refresh_token"]
    assert session.get(f"{server.photos}/photos").status_code == 200


@pytest.mark.parametrize("library", BOTH)
def test_the_password_grant_of_authlib(server, legacy, library):
    session = library(*legacy, scope="photos.read")
    session.fetch_token(
        server.metadata["token_endpoint"], username="alice", password="wonderland", resource=server.photos
    )
    assert session.get(f"{server.photos}/photos").status_code == 200


def test_a_wrong_password_and_an_unknown_person_are_refused_alike(server, legacy):
    told = set()
    for username in ("alice", "nobody-of-that-name"):
        with pytest.raises(InvalidGrantError) as refused:
            by_password(server, *legacy, username=username, password="wrong")
        told.add(refused.value.description)
    assert len(told) == 1


def test_the_password_grant_is_off_for_others(server):
    with pytest.raises(UnauthorizedClientError):
        by_password(server, *CONFIDENTIAL.values(), username="alice", password="wonderland")


def test_the_password_grant_can_be_taken_away(server):
    added = server.client("add", "legacy-once", "--allow", "password,client_credentials", "--scope", "photos.read")
    person = {"username": "alice", "password": "wonderland"}
    who = "legacy-once", added["client_secret"]
    known(lambda: by_password(server, *who, **person)[1])
    server.client("allow", "legacy-once", "password", "refresh_token", "--off")

    def refused():
        try:
            by_password(server, *who, **person)
        except UnauthorizedClientError as error:
            return error
        return None

    assert eventually(refused)


# --- devices ----------------------------------------------------------------------------------------------------------


def begin_device(server, **more):
    form = {"client_id": "mysweetcli", "scope": "photos.read", "resource": server.photos} | more
    # Neither library makes this request; oauthlib makes an address of it, and RFC 8628 §3.1 wants a form.
    answer = requests.post(server.metadata["device_authorization_endpoint"], data=form, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def poll(session, server, device):
    return session.fetch_token(
        server.metadata["token_endpoint"], device_code=device["device_code"], include_client_id=True
    )


def error_of_poll(session, server, device):
    try:
        poll(session, server, device)
    except CustomOAuth2Error as refused:
        return refused.error
    return None


def test_oauthlib_polls_for_a_device_until_the_person_has_answered(server, signed_in_alice):
    session = OAuth2Session(client=DeviceClient("mysweetcli"))
    device = begin_device(server)
    assert error_of_poll(session, server, device) == "authorization_pending"
    eventually(lambda: error_of_poll(session, server, device) == "slow_down")
    assert "can go back" in signed_in_alice.allow_device(device["verification_uri"], device["user_code"].lower())

    def comes():
        # The one place where waiting is the protocol.
        time.sleep(device["interval"])
        return error_of_poll(session, server, device) is None

    eventually(comes)
    assert len(session.get(f"{server.photos}/photos").json()) >= 3
    with pytest.raises(InvalidGrantError):
        poll(session, server, device)


@pytest.mark.parametrize("library", BOTH)
def test_authlib_fetches_the_token_of_a_device(server, signed_in_alice, library):
    device = begin_device(server)
    signed_in_alice.allow_device(device["verification_uri_complete"], device["user_code"])
    session = library("mysweetcli", token_endpoint_auth_method="none")
    session.fetch_token(server.metadata["token_endpoint"], grant_type=DEVICE_CODE, device_code=device["device_code"])
    assert session.get(f"{server.photos}/photos").status_code == 200


def test_a_person_who_did_not_start_it_cancels(server, signed_in_alice):
    device = begin_device(server)
    ended = signed_in_alice.allow_device(device["verification_uri"], device["user_code"], answer="cancel")
    assert ended == "Nothing was allowed"
    with pytest.raises(AccessDeniedError):
        poll(OAuth2Session(client=DeviceClient("mysweetcli")), server, device)


def test_the_device_code_of_another_client_is_refused(server, signed_in_alice):
    server.client("add", "other-cli", "--type", "native", "--allow", "device_code", "--scope", "photos.read")
    known_to = {"client_id": "other-cli", "scope": "photos.read"}
    address = server.metadata["device_authorization_endpoint"]
    eventually(lambda: requests.post(address, data=known_to, timeout=10).ok)
    device = begin_device(server)
    signed_in_alice.allow_device(device["verification_uri"], device["user_code"])
    with pytest.raises(InvalidGrantError):
        poll(OAuth2Session(client=DeviceClient("other-cli")), server, device)


# --- assertions -------------------------------------------------------------------------------------------------------

KEYS = {
    "RS256": lambda: RSAKey.generate_key(2048, {"kid": "first"}),
    "PS256": lambda: RSAKey.generate_key(2048),
    "ES256": lambda: ECKey.generate_key("P-256", {"kid": "first"}),
    "Ed25519": lambda: OKPKey.generate_key("Ed25519", {"kid": "first"}),
}


def of_key(client_id, key, alg, library=Authlib, claims=(), **more):
    """A session for one request: Authlib uses the `jti` that it adds to these claims again."""
    session = library(client_id, key, token_endpoint_auth_method="private_key_jwt", scope="photos.read")
    session.register_client_auth_method(PrivateKeyJWT(alg=alg, claims=short_lived(claims), **more))
    return session


def of_secret(client_id, secret, library=Authlib, claims=(), **more):
    session = library(client_id, secret, token_endpoint_auth_method="client_secret_jwt", scope="photos.read")
    session.register_client_auth_method(ClientSecretJWT(claims=short_lived(claims), **more))
    return session


def short_lived(claims):
    """Authlib's assertions live for an hour unless they are told; a minute is enough."""
    return {"exp": int(time.time()) + 60} | dict(claims)


def token_for_itself(session, server):
    return session.fetch_token(
        server.metadata["token_endpoint"], grant_type="client_credentials", resource=server.photos
    )


def refusal(session, server):
    with pytest.raises(OAuthError) as refused:
        token_for_itself(session, server)
    return refused.value


@pytest.fixture(scope="module")
def jobs(server, tmp_path_factory):
    """A client for each algorithm, with its key."""
    folder = tmp_path_factory.mktemp("keys")
    keys = {}
    for alg, make in KEYS.items():
        key = make()
        file = folder / f"{alg}.json"
        file.write_text(json.dumps(KeySet([key]).as_dict(private=False)))
        server.client(
            "add", f"job-{alg}", "--type", "service", "--auth-method", "private_key_jwt", "--jwks", str(file),
            "--scope", "photos.read",
        )  # fmt: skip
        keys[alg] = key
        known(lambda: token_for_itself(of_key(f"job-{alg}", key, alg), server))
    return keys


@pytest.mark.parametrize("library", BOTH)
@pytest.mark.parametrize("alg", KEYS)
@pytest.mark.parametrize("audience", ["token_endpoint", "issuer"])
def test_a_job_authenticates_with_its_own_key(server, jobs, library, alg, audience):
    session = of_key(
        f"job-{alg}", jobs[alg], alg, library, token_endpoint=server.metadata[audience], headers={"typ": "JWT"}
    )
    token = token_for_itself(session, server)
    assert photos_with(token["access_token"], server).json() == [], "an album of its own"


def test_an_assertion_is_taken_once(server, jobs):
    session = of_key("job-ES256", jobs["ES256"], "ES256", claims={"jti": "once"})
    token_for_itself(session, server)
    assert refusal(session, server).error == "invalid_client"
    of_another = of_key("job-RS256", jobs["RS256"], "RS256", claims={"jti": "once"})
    assert token_for_itself(of_another, server), "another client may use the same jti"


@pytest.mark.parametrize(
    "wrong",
    [
        {"token_endpoint": "https://other.example/token"},
        {"claims": {"exp": 1_000_000_000}},
        {"claims": {"exp": 4_000_000_000}},
        {"claims": {"sub": "job-RS256"}},
        {"claims": {"iss": "job-RS256"}},
        {"headers": {"kid": "another"}},
    ],
    ids=str,
)
def test_an_assertion_with_one_thing_wrong_is_refused(server, jobs, wrong):
    assert refusal(of_key("job-ES256", jobs["ES256"], "ES256", **wrong), server).error == "invalid_client"


def test_an_assertion_may_live_the_hour_that_authlib_gives_it_and_no_longer(server, jobs):
    session = Authlib("job-ES256", jobs["ES256"], token_endpoint_auth_method="private_key_jwt", scope="photos.read")
    session.register_client_auth_method(PrivateKeyJWT(alg="ES256"))
    assert token_for_itself(session, server)

    told = []
    longer = of_key("job-ES256", jobs["ES256"], "ES256", claims={"exp": int(time.time()) + 2 * 3600})
    longer.hooks["response"].append(lambda answer, **_: told.append(answer.json()))
    assert refusal(longer, server).error == "invalid_client"
    assert told[0]["error_uri"].endswith("VK-CLIENT-ASSERTION-EXPIRED")


def test_another_key_is_refused(server, jobs):
    other = KEYS["ES256"]()
    assert refusal(of_key("job-ES256", other, "ES256"), server).error == "invalid_client"


def test_an_hmac_with_the_public_key_as_secret_is_refused(server, jobs):
    """Algorithm confusion: everybody knows the public key. joserfc signs no such thing, so this is by hand."""
    now = int(time.time())
    claims = {"iss": "job-RS256", "sub": "job-RS256", "aud": server.issuer, "iat": now, "exp": now + 60, "jti": "x"}
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256"}, claims)]
    mac = hmac.digest(jobs["RS256"].as_pem(private=False), b".".join(parts), "sha256")
    assertion = b".".join([*parts, urlsafe_b64encode(mac).rstrip(b"=")])
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
    answer = requests.post(server.metadata["token_endpoint"], data=form, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.json()["error_uri"].endswith("VK-CLIENT-ASSERTION-ALGORITHM")


@pytest.fixture(scope="module")
def hmac_job(server):
    added = server.client(
        "add", "hmac-job", "--type", "service", "--auth-method", "client_secret_jwt", "--scope", "photos.read"
    )
    known(lambda: token_for_itself(of_secret("hmac-job", added["client_secret"]), server))
    return "hmac-job", added["client_secret"]


@pytest.mark.parametrize("library", BOTH)
def test_a_job_authenticates_with_an_hmac(server, hmac_job, library):
    token = token_for_itself(of_secret(*hmac_job, library), server)
    assert photos_with(token["access_token"], server).status_code == 200


def test_an_hmac_under_another_secret_is_refused(server, hmac_job):
    wrong = of_secret(hmac_job[0], "another-secret-of-enough-length-for-sha-256")
    assert refusal(wrong, server).error == "invalid_client"


def test_a_secret_that_signs_is_not_taken_as_it_is(server, hmac_job):
    """Who saw it once in a request could sign with it for ever."""
    for method in ("client_secret_basic", "client_secret_post"):
        session = Authlib(*hmac_job, token_endpoint_auth_method=method, scope="photos.read")
        assert refusal(session, server).error == "invalid_client"


# --- token exchange ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def backend(server):
    """An API behind MySweetApp, which calls the Photos API for the person."""
    return new_backend(server, "backend")


def new_backend(server, name):
    added = server.client(
        "add", name, "--type", "service", "--allow", "token_exchange", "--exchange-for", "mysweetapp",
        "--grant-type", "client_credentials", "--scope", "photos.read photos.write",
    )  # fmt: skip
    who = name, added["client_secret"]
    known(lambda: token_for_itself(Authlib(*who, scope="photos.read"), server))
    return who


@pytest.fixture
def alices_token(server, alice):
    app = Authlib(
        **CONFIDENTIAL,
        scope="openid photos.read",
        redirect_uri=f"{server.app}/callback",
        code_challenge_method="S256",
    )
    return sign_in(app, server.metadata, alice, resource=server.photos)["access_token"]


def exchange(session, server, subject, actor=None, **more):
    if actor:
        more |= {"actor_token": actor, "actor_token_type": ACCESS_TOKEN}
    return session.fetch_token(
        server.metadata["token_endpoint"],
        grant_type=TOKEN_EXCHANGE,
        subject_token=subject,
        subject_token_type=ACCESS_TOKEN,
        **more,
    )


@pytest.mark.parametrize("library", BOTH)
def test_an_api_exchanges_a_token_and_the_new_one_says_who_acts(server, backend, alices_token, library):
    own = token_for_itself(Authlib(*backend, scope="photos.read"), server)["access_token"]
    session = library(*backend)
    answer = exchange(session, server, alices_token, own, resource=server.photos)
    assert answer["issued_token_type"] == ACCESS_TOKEN
    assert answer["scope"] == "photos.read"
    assert "refresh_token" not in answer
    assert len(session.get(f"{server.photos}/photos").json()) >= 3

    api = Authlib("photos-api", "photos-api-secret")
    told = api.introspect_token(server.metadata["introspection_endpoint"], token=answer["access_token"]).json()
    before = api.introspect_token(server.metadata["introspection_endpoint"], token=alices_token).json()
    assert told["sub"] == before["sub"]
    assert told["client_id"] == "backend"
    assert told["act"]["sub"] == "backend"
    assert told["exp"] <= before["exp"]


def test_an_exchanged_token_ends_with_the_access_that_it_came_from(server, backend, alices_token, alice):
    own = token_for_itself(Authlib(*backend, scope="photos.read"), server)["access_token"]
    exchanged = exchange(Authlib(*backend), server, alices_token, own)["access_token"]
    assert photos_with(exchanged, server).status_code == 200
    alice.take_back("mysweetapp")
    assert photos_with(exchanged, server).status_code == 401


def test_an_exchange_widens_no_scope(server, backend, alices_token):
    own = token_for_itself(Authlib(*backend, scope="photos.read"), server)["access_token"]
    with pytest.raises(OAuthError) as refused:
        exchange(Authlib(*backend), server, alices_token, own, scope="photos.read photos.write")
    assert refused.value.error == "invalid_scope"


def test_who_may_not_impersonate_must_say_who_acts(server, alices_token):
    backend = new_backend(server, "impersonator")
    with pytest.raises(OAuthError) as refused:
        exchange(Authlib(*backend), server, alices_token)
    assert refused.value.error == "unauthorized_client"
    server.client("allow", "impersonator", "token_exchange", "--impersonate")
    token = eventually(lambda: unless_refused(lambda: exchange(Authlib(*backend), server, alices_token)))
    api = Authlib("photos-api", "photos-api-secret")
    told = api.introspect_token(server.metadata["introspection_endpoint"], token=token["access_token"]).json()
    assert (told["active"], "act" in told) == (True, False)


def unless_refused(attempt):
    try:
        return attempt()
    except OAuthError:
        return None


def test_an_exchange_is_refused_to_a_client_that_may_not(server, alices_token):
    with pytest.raises(OAuthError) as refused:
        exchange(Authlib(**CONFIDENTIAL), server, alices_token)
    assert refused.value.error == "unauthorized_client"


def test_what_is_no_token_is_not_exchanged(server, backend):
    with pytest.raises(OAuthError) as refused:
        exchange(Authlib(*backend), server, "never-issued")
    assert refused.value.error == "invalid_request"
