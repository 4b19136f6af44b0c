"""OpenID Connect beyond the plain code flow: Authlib checks ID tokens of every kind, joserfc reads every algorithm of
signatures and encryption, and signs request objects that the server reads."""

import json
import tempfile
import time
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from authlib.common.security import generate_token
from authlib.oidc.core import CodeIDToken, HybridIDToken, ImplicitIDToken
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from conftest import eventually
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

REDIRECT = "https://rp.example/callback"


@pytest.fixture(scope="session")
def metadata(server):
    return requests.get(f"{server.issuer}/.well-known/openid-configuration", timeout=10).json()


def keys(metadata):
    """Fetched anew: a key is made when it signs for the first time."""
    return KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())


class RelyingParty:
    """A client that was registered by the command line, and what it asks."""

    def __init__(self, server, metadata, name, *options, key=None):
        self.server, self.metadata, self.id, self.key = server, metadata, name, key
        more = list(options)
        if key is not None:
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                json.dump({"keys": [key.as_dict(private=False)]}, file)
                file.flush()
                more += ["--auth-method", "client_secret_basic", "--jwks", file.name]
                added = server.client("add", name, "--redirect-uri", REDIRECT, *more)
        else:
            added = server.client("add", name, "--redirect-uri", REDIRECT, *more)
        self.secret = added["client_secret"]
        eventually(lambda: self.is_known())

    def is_known(self):
        query = {"client_id": self.id, "redirect_uri": REDIRECT}
        url = self.metadata["authorization_endpoint"]
        return requests.get(url, params=query, allow_redirects=False, timeout=10).is_redirect

    def request(self, **more):
        self.verifier, self.nonce = generate_token(48), generate_token(20)
        asked = {
            "client_id": self.id,
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": "openid email",
            "nonce": self.nonce,
            "state": "a state",
            "code_challenge": create_s256_code_challenge(self.verifier),
            "code_challenge_method": "S256",
        }
        asked.update(more)
        return {name: value for name, value in asked.items() if value is not None}

    def answer(self, person, **asked):
        """What comes back to the redirect URI, wherever it stands."""
        url = requests.Request("GET", self.metadata["authorization_endpoint"], params=asked).prepare().url
        back = urlsplit(person.authorize(url))
        return dict(parse_qsl(back.fragment or back.query))

    def redeem(self, code):
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": self.verifier,
        }
        answer = requests.post(self.metadata["token_endpoint"], data=form, auth=(self.id, self.secret), timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def checked(self, kind, id_token, algorithm="RS256", **params):
        """The claims, judged by Authlib's class for that kind of ID token: times, nonce, azp, at_hash, c_hash."""
        token = jwt.decode(id_token, keys(self.metadata), algorithms=[algorithm])
        assert token.header["kid"]
        options = {
            "iss": {"essential": True, "value": self.metadata["issuer"]},
            "aud": {"essential": True, "value": self.id},
        }
        params.update(nonce=self.nonce, client_id=self.id)
        claims = kind(token.claims, token.header, options, params)
        claims.validate(leeway=30)
        return claims


FRONT = ("--allow", "implicit,authorization_code")


@pytest.mark.parametrize("response_type", ["code id_token", "code token", "code id_token token"])
def test_authlib_accepts_both_id_tokens_of_a_hybrid_answer(server, metadata, signed_in_alice, response_type):
    party = RelyingParty(server, metadata, "hybrid-" + response_type.replace(" ", "-"), *FRONT)
    answer = party.answer(signed_in_alice, **party.request(response_type=response_type))
    assert answer["state"] == "a state" and answer["iss"] == metadata["issuer"]
    if "id_token" in answer:
        seen = {name: answer.get(name) for name in ("code", "access_token")}
        claims = party.checked(HybridIDToken, answer["id_token"], **seen)
        assert "email" not in claims
    tokens = party.redeem(answer["code"])
    second = party.checked(CodeIDToken, tokens["id_token"], access_token=tokens["access_token"])
    assert second["sub"] and second["acr"] == "1" and second["sid"]


@pytest.mark.parametrize("response_type", ["id_token", "id_token token"])
def test_authlib_accepts_the_id_token_of_an_implicit_answer(server, metadata, signed_in_alice, response_type):
    party = RelyingParty(server, metadata, "implicit-" + response_type.replace(" ", "-"), "--allow", "implicit")
    asked = party.request(response_type=response_type, code_challenge=None, code_challenge_method=None)
    answer = party.answer(signed_in_alice, **asked)
    claims = party.checked(ImplicitIDToken, answer["id_token"], access_token=answer.get("access_token"))
    # Without an access token there is no userinfo to ask (Core §5.4).
    assert ("email" in claims) == (response_type == "id_token")


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "ES384", "Ed25519"])
def test_joserfc_verifies_every_algorithm_of_id_tokens_and_userinfo(server, metadata, signed_in_alice, algorithm):
    options = ("--id-token-alg", algorithm, "--userinfo-alg", algorithm)
    party = RelyingParty(server, metadata, f"signed-{algorithm.lower()}", *options)
    tokens = party.redeem(party.answer(signed_in_alice, **party.request())["code"])
    # Authlib knows no hash for the name that RFC 9864 gives to EdDSA.
    seen = {} if algorithm == "Ed25519" else {"access_token": tokens["access_token"]}
    claims = party.checked(CodeIDToken, tokens["id_token"], algorithm, **seen)
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    userinfo = requests.get(metadata["userinfo_endpoint"], headers=bearer, timeout=10)
    assert userinfo.headers["content-type"].startswith("application/jwt")
    told = jwt.decode(userinfo.text, keys(metadata), algorithms=[algorithm]).claims
    assert told["sub"] == claims["sub"] and told["aud"] == party.id and told["email"]


ENCRYPTED = [
    ("RSA-OAEP-256", "A256GCM", lambda: RSAKey.generate_key(2048, {"use": "enc", "kid": "mine"})),
    ("ECDH-ES", "A256GCM", lambda: ECKey.generate_key("P-256", {"use": "enc", "kid": "mine"})),
    ("ECDH-ES+A256KW", "A128CBC-HS256", lambda: ECKey.generate_key("P-384", {"use": "enc", "kid": "mine"})),
]


@pytest.mark.parametrize("alg,enc,make", ENCRYPTED, ids=[f"{alg} {enc}" for alg, enc, _ in ENCRYPTED])
def test_joserfc_decrypts_id_tokens_and_nobody_else_does(server, metadata, signed_in_alice, alg, enc, make):
    key = make()
    options = ("--id-token-encryption-alg", alg, "--id-token-encryption-enc", enc)
    party = RelyingParty(server, metadata, f"encrypted-{alg.lower().replace('+', '-')}", *options, key=key)
    tokens = party.redeem(party.answer(signed_in_alice, **party.request())["code"])
    sealed = jwe.decrypt_compact(tokens["id_token"], key, algorithms=[alg, enc])
    assert sealed.headers()["cty"] == "JWT" and sealed.headers()["kid"] == "mine"
    party.checked(CodeIDToken, sealed.plaintext.decode(), access_token=tokens["access_token"])
    with pytest.raises(Exception):
        jwe.decrypt_compact(tokens["id_token"], make(), algorithms=[alg, enc])


def test_a_request_object_of_joserfc_is_read_and_a_changed_one_is_refused(server, metadata, signed_in_alice):
    key = ECKey.generate_key("P-256", {"use": "sig", "kid": "asks"})
    party = RelyingParty(server, metadata, "asks-by-object", key=key)
    inside = party.request(state="inside", iss=party.id, aud=metadata["issuer"], exp=int(time.time()) + 60)
    signed = jwt.encode({"alg": "ES256", "kid": "asks"}, inside, key)
    outside = {"client_id": party.id, "response_type": "code", "scope": "openid", "request": signed}
    answer = party.answer(signed_in_alice, **outside)
    assert answer["state"] == "inside"
    party.checked(CodeIDToken, party.redeem(answer["code"])["id_token"])
    head, body, tag = signed.split(".")
    changed = f"{head}.{body}.{tag[:-4]}AAAA"
    refused = party.answer(signed_in_alice, **party.request(request=changed))
    assert refused["error"] == "invalid_request_object"


def test_two_hosts_know_a_person_by_two_pairwise_subjects(server, metadata, signed_in_alice):
    subjects = set()
    for name in ("one", "two"):
        party = RelyingParty(server, metadata, f"pairwise-{name}", "--subject-type", "pairwise")
        tokens = party.redeem(party.answer(signed_in_alice, **party.request())["code"])
        subjects.add(party.checked(CodeIDToken, tokens["id_token"])["sub"])
    assert len(subjects) == 1, "one host is one sector"
