"""Authlib (PyPI) as a client of the running binary, over requests and over httpx2; tokens read with joserfc."""

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

CONFIDENTIAL = {"client_id": "mysweetapp", "client_secret": "mysweetapp-secret"}


@pytest.fixture(scope="session")
def metadata(server):
    return requests.get(f"{server.issuer}/.well-known/openid-configuration", timeout=10).json()


@pytest.fixture(scope="session")
def keys(metadata):
    return KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())


def sign_in(client, metadata, person, **more):
    """Code + PKCE with state; answers the tokens."""
    verifier = generate_token(48)
    url, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, **more)
    callback = person.authorize(url)
    return client.fetch_token(
        metadata["token_endpoint"], authorization_response=callback, code_verifier=verifier, state=state
    )


@pytest.mark.parametrize("library", [OAuth2Session, OAuth2Client])
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_confidential_client_signs_in_refreshes_and_revokes(server, metadata, keys, alice, library, method):
    client = library(
        **CONFIDENTIAL,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        scope="openid profile offline_access",
        redirect_uri=f"{server.app}/callback",
        code_challenge_method="S256",
    )
    nonce = generate_token(20)
    tokens = sign_in(client, metadata, alice, nonce=nonce)

    claims = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims
    assert claims["iss"] == metadata["issuer"]
    assert claims["aud"] == "mysweetapp"
    assert claims["nonce"] == nonce
    person = client.get(metadata["userinfo_endpoint"]).json()
    assert person["sub"] == claims["sub"]
    assert "name" in person

    fresh = client.refresh_token(metadata["token_endpoint"], refresh_token=tokens["refresh_token"])
    assert fresh["access_token"] != tokens["access_token"]
    assert client.get(metadata["userinfo_endpoint"]).status_code == 200

    answer = client.revoke_token(
        metadata["revocation_endpoint"], token=fresh["refresh_token"], token_type_hint="refresh_token"
    )
    assert answer.status_code == 200
    with pytest.raises(OAuthError) as refused:
        client.refresh_token(metadata["token_endpoint"], refresh_token=fresh["refresh_token"])
    assert refused.value.error == "invalid_grant"


def test_a_public_client_needs_no_secret(server, metadata, alice):
    client = OAuth2Session(
        client_id="mysweetcli",
        token_endpoint_auth_method="none",
        scope="openid offline_access",
        redirect_uri="http://127.0.0.1:50123/callback",
        code_challenge_method="S256",
    )
    tokens = sign_in(client, metadata, alice)
    fresh = client.refresh_token(metadata["token_endpoint"], refresh_token=tokens["refresh_token"])
    assert fresh["refresh_token"] != tokens["refresh_token"]


def test_the_access_token_for_the_photos_is_a_jwt_that_joserfc_verifies(server, metadata, keys, alice):
    client = OAuth2Session(
        **CONFIDENTIAL,
        scope="openid photos.read",
        redirect_uri=f"{server.app}/callback",
        code_challenge_method="S256",
    )
    tokens = sign_in(client, metadata, alice, resource=server.photos)
    verified = jwt.decode(tokens["access_token"], keys, algorithms=["ES256"])
    assert verified.header["typ"] == "at+jwt"
    assert verified.claims["aud"] == server.photos
    assert verified.claims["client_id"] == "mysweetapp"
    assert len(client.get(f"{server.photos}/photos").json()) == 3


def test_a_wrong_verifier_is_refused(server, metadata, alice):
    client = OAuth2Session(**CONFIDENTIAL, redirect_uri=f"{server.app}/callback", code_challenge_method="S256")
    url, state = client.create_authorization_url(
        metadata["authorization_endpoint"], scope="openid", code_verifier=generate_token(48)
    )
    with pytest.raises(OAuthError) as refused:
        client.fetch_token(
            metadata["token_endpoint"],
            authorization_response=alice.authorize(url),
            code_verifier=generate_token(48),
            state=state,
        )
    assert refused.value.error == "invalid_grant"


def test_a_backup_job_gets_a_token_for_itself_and_the_api_may_introspect_it(server, metadata):
    job = OAuth2Session("photo-backup", "photo-backup-secret", scope="photos.read")
    token = job.fetch_token(metadata["token_endpoint"], grant_type="client_credentials", resource=server.photos)
    assert "refresh_token" not in token
    api = OAuth2Session("photos-api", "photos-api-secret")
    answer = api.introspect_token(metadata["introspection_endpoint"], token=token["access_token"]).json()
    assert answer["active"] is True
    assert answer["client_id"] == "photo-backup"
    assert answer["scope"] == "photos.read"
