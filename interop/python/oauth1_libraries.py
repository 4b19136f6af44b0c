"""Three clients of OAuth 1.0a, each used as its documentation says, behind the same few names."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import parse_qs

from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth1Client as AuthlibOverHttpx
from authlib.integrations.requests_client import OAuth1Session as AuthlibOverRequests
from authlib.oauth1 import ClientAuth
from authlib.oauth1.rfc5849.signature import generate_signature_base_string
from authlib.oauth1.rfc5849.util import escape
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from requests_oauthlib import OAuth1Session
from requests_oauthlib.oauth1_session import TokenRequestDenied

METHODS = ["HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "RSA-SHA256", "PLAINTEXT"]
PLACES = ["header", "body", "query"]


@dataclass(frozen=True)
class Consumer:
    """What a client signs with; the RSA key is the private one, in PEM. Its secret of OAuth 2 is another."""

    key: str
    secret: str | None = None
    rsa_key: str | None = None
    callback: str = "oob"
    client_secret: str | None = None


class Denied(Exception):
    """The form that a refusal came in."""

    def __init__(self, status, text):
        super().__init__(f"{status}: {text}")
        self.status = status
        self.form = {name: values[0] for name, values in parse_qs(text).items()}
        self.rule = self.form.get("rule")


class RequestsOAuthlib:
    """requests-oauthlib, which signs with oauthlib."""

    def __init__(self, server, consumer, method="HMAC-SHA1", place="header", token=None, **more):
        self.server, self.consumer, self.method, self.place = server, consumer, method, place
        token = token or {}
        self.session = OAuth1Session(
            consumer.key,
            client_secret=None if method.startswith("RSA") else consumer.secret,
            resource_owner_key=token.get("oauth_token"),
            resource_owner_secret=token.get("oauth_token_secret"),
            callback_uri=None if token else consumer.callback,
            signature_method=method,
            signature_type={"header": "AUTH_HEADER"}.get(place, place.upper()),
            rsa_key=consumer.rsa_key if method.startswith("RSA") else None,
            **more,
        )

    def initiate(self, url="/oauth1/initiate", **parameters):
        return self.fetch(self.session.fetch_request_token, url, data=parameters or None)

    def authorization_url(self):
        return self.session.authorization_url(f"{self.server.issuer}/oauth1/authorize")

    def came_back(self, address):
        return self.session.parse_authorization_response(address)

    def redeem(self, verifier=None):
        return self.fetch(self.session.fetch_access_token, "/oauth1/token", verifier=verifier)

    def fetch(self, call, path, **more):
        try:
            return call(f"{self.server.issuer}{path}", **more)
        except TokenRequestDenied as denied:
            raise Denied(denied.status_code, denied.response.text) from denied

    def get(self, url):
        # oauthlib refuses to sign a GET with a body, where the parameters would stand.
        return (self.by_header() if self.place == "body" else self).session.get(url)

    def post_json(self, url, photo):
        # The parameters cannot stand in a body that is no form.
        return (self.by_header() if self.place == "body" else self).session.post(url, json=photo)

    def post_form(self, url, photo):
        return self.session.post(url, data=photo)

    def by_header(self):
        return type(self)(self.server, self.consumer, self.method, token=self.session.token)


class Authlib:
    """What its two clients share."""

    client = None

    def __init__(self, server, consumer, method="HMAC-SHA1", place="header", token=None, **more):
        self.server, self.consumer, self.method, self.place = server, consumer, method, place
        token = token or {}
        self.session = self.client(
            consumer.key,
            client_secret=None if method.startswith("RSA") else consumer.secret,
            token=token.get("oauth_token"),
            token_secret=token.get("oauth_token_secret"),
            redirect_uri=None if token else consumer.callback,
            signature_method=method,
            signature_type=place.upper(),
            rsa_key=consumer.rsa_key if method.startswith("RSA") else None,
            **more,
        )

    def initiate(self, url="/oauth1/initiate", **parameters):
        return self.fetch(self.session.fetch_request_token, url, data=parameters or None)

    def authorization_url(self):
        return self.session.create_authorization_url(f"{self.server.issuer}/oauth1/authorize")

    def came_back(self, address):
        return self.session.parse_authorization_response(address)

    def redeem(self, verifier=None):
        return self.fetch(self.session.fetch_access_token, "/oauth1/token", verifier=verifier)

    def fetch(self, call, path, **more):
        try:
            return call(f"{self.server.issuer}{path}", **more)
        except OAuthError as refused:
            # "Token request failed with code 401, response was '..'."
            assert refused.error == "fetch_token_denied", refused
            status, text = refused.description.removeprefix("Token request failed with code ").split(",", 1)
            raise Denied(int(status), text.removeprefix(" response was '").removesuffix("'.")) from refused

    def get(self, url):
        return self.session.get(url)

    def post_json(self, url, photo):
        return (self.by_header() if self.place == "body" else self).session.post(url, json=photo)

    def post_form(self, url, photo):
        return self.session.post(url, data=photo)

    def by_header(self, **more):
        return type(self)(self.server, self.consumer, self.method, token=self.session.token, **more)


class AuthlibRequests(Authlib):
    """Authlib over requests."""

    client = AuthlibOverRequests


class AuthlibHttpx(Authlib):
    """Authlib over httpx2."""

    client = AuthlibOverHttpx

    def post_json(self, url, photo):
        # Without force_include_body its httpx client drops a body that is no form; with it, it signs oauth_body_hash.
        place = "header" if self.place == "body" else self.place
        signer = type(self)(
            self.server, self.consumer, self.method, place, token=self.session.token, force_include_body=True
        )
        return signer.session.post(url, json=photo)


LIBRARIES = [RequestsOAuthlib, AuthlibRequests, AuthlibHttpx]


def hmac_sha256(client, request):
    key = f"{escape(client.client_secret or '')}&{escape(client.token_secret or '')}"
    text = generate_signature_base_string(request)
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), hashlib.sha256)).decode()


def rsa_sha256(client, request):
    key = serialization.load_pem_private_key(client.rsa_key.encode(), password=None)
    text = generate_signature_base_string(request)
    return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


# Authlib knows the three methods of RFC 5849; it takes more this way. The base strings are its own.
ClientAuth.register_signature_method("HMAC-SHA256", hmac_sha256)
ClientAuth.register_signature_method("RSA-SHA256", rsa_sha256)
