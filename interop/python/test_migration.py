"""From OAuth 1.0a to OAuth 2: a token exchange (RFC 8693) that a library of OAuth 1.0a signs, so that no secret is in
it. What comes back is used by libraries of OAuth 2."""

from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import parse_qs

import pytest
from authlib.integrations.requests_client import OAuth2Session as Authlib
from conftest import Person, eventually, new_consumer
from oauth1_libraries import LIBRARIES, METHODS, PLACES, RequestsOAuthlib
from requests_oauthlib import OAuth2Session
from test_oauth1_flow import connect

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
OAUTH1_TOKEN = "urn:valetkey:params:oauth:token-type:oauth1_token"


def connected(server, consumer, person, scope=None, library=RequestsOAuthlib, method="HMAC-SHA1", place="header"):
    client = library(server, consumer, method, place)
    client.initiate(**({"scope": scope} if scope else {}))
    client.came_back(person.authorize(client.authorization_url()))
    return client, client.redeem()


def exchange(client, server, token, **more):
    form = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": token["oauth_token"],
        "subject_token_type": OAUTH1_TOKEN,
        "resource": server.photos,
    } | more
    return client.session.post(server.metadata["token_endpoint"], data=form)


def refused(answer):
    said = answer.json()
    assert "access_token" not in said
    return answer.status_code, said["error"], said["error_uri"].rsplit("/", 1)[-1]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("place", PLACES)
def test_a_signed_exchange_gives_tokens_of_oauth_2(server, printer, library, method, place):
    client, token = connected(server, printer, server.person("mover"), None, library, method, place)
    answer = exchange(client, server, token)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    assert tokens["issued_token_type"] == ACCESS_TOKEN
    assert tokens["token_type"] == "Bearer"
    assert set(tokens["scope"].split()) == {"photos.read", "photos.write"}
    assert "id_token" not in tokens

    # What was sent proves who it is and tells no secret; PLAINTEXT is the method that does.
    sent = answer.request.content if hasattr(answer.request, "content") else answer.request.body
    sent = sent.encode() if isinstance(sent, str) else sent
    if method != "PLAINTEXT":
        for secret in (printer.secret, printer.client_secret, token["oauth_token_secret"]):
            assert secret.encode() not in sent
            assert secret not in str(answer.request.url) + str(answer.request.headers)

    app = Authlib(printer.key, printer.client_secret, token=tokens)
    assert app.post(f"{server.photos}/photos", json={"title": "moved"}).status_code == 201
    assert "moved" in [photo["title"] for photo in app.get(f"{server.photos}/photos").json()]
    app.refresh_token(server.metadata["token_endpoint"], resource=server.photos)
    assert app.get(f"{server.photos}/photos").status_code == 200
    # Both ways work until the old one is taken away.
    assert client.get(f"{server.photos}/photos").status_code == 200


def test_requests_oauthlib_alone_moves_from_one_protocol_to_the_other(server, printer, signed_in_alice):
    client, token = connected(server, printer, signed_in_alice)
    tokens = exchange(client, server, token).json()
    app = OAuth2Session(printer.key, token=tokens)
    assert app.get(f"{server.photos}/photos").status_code == 200
    who = (printer.key, printer.client_secret)
    fresh = app.refresh_token(server.metadata["token_endpoint"], auth=who)
    assert fresh["refresh_token"] != tokens["refresh_token"]
    assert app.get(f"{server.photos}/photos").status_code == 200


def test_an_exchange_may_be_made_again_and_is_counted(server, signed_in_alice):
    consumer = new_consumer(server, "moving")
    first, token = connected(server, consumer, signed_in_alice)
    connected(server, consumer, Person(server, "bob", "builder"))
    counted = server.client("migration", consumer.key)
    assert (counted["people"], counted["moved"]) == (2, 0)
    answers = [exchange(first, server, token).json() for _ in range(2)]
    assert answers[0]["refresh_token"] != answers[1]["refresh_token"]
    for answer in answers:
        assert Authlib(consumer.key, token=answer).get(f"{server.photos}/photos").status_code == 200
    counted = server.client("migration", consumer.key)
    assert (counted["people"], counted["moved"]) == (2, 1)


def test_the_scope_may_shrink_and_never_grows(server, printer, signed_in_alice):
    client, token = connected(server, printer, signed_in_alice, "photos.read")
    tokens = exchange(client, server, token).json()
    assert tokens["scope"] == "photos.read"
    app = Authlib(printer.key, token=tokens)
    assert app.post(f"{server.photos}/photos", json={"title": "more than was allowed"}).status_code == 403
    for scope in ("photos.read photos.write", "photos.write", "openid photos.read"):
        answer = exchange(client, server, token, scope=scope)
        assert refused(answer) == (400, "invalid_scope", "VK-EXCHANGE-SCOPE-WIDENED")

    client, token = connected(server, printer, signed_in_alice)
    assert exchange(client, server, token, scope="photos.read").json()["scope"] == "photos.read"


def test_a_scope_cannot_be_added_on_the_way(server, printer, signed_in_alice):
    client, token = connected(server, printer, signed_in_alice)
    answer = exchange(client, server, token, scope="photos.read")
    sent = answer.request
    once_more = sent.copy()
    once_more.body = sent.body.decode().replace("photos.read", "photos.write")
    once_more.headers["Content-Length"] = str(len(once_more.body))
    refusal = refused(client.session.send(once_more))
    assert refusal == (401, "invalid_client", "VK-OAUTH1-SIGNATURE-INVALID")


def test_an_exchange_counts_once(server, printer, signed_in_alice):
    client, token = connected(server, printer, signed_in_alice)
    answer = exchange(client, server, token)
    again = client.session.send(answer.request)
    assert refused(again) == (401, "invalid_client", "VK-OAUTH1-NONCE-USED")


def test_an_exchange_that_nobody_signed(server, printer, signed_in_alice):
    _, token = connected(server, printer, signed_in_alice)
    bearer = Authlib(printer.key, printer.client_secret)
    form = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": token["oauth_token"],
        "subject_token_type": OAUTH1_TOKEN,
    }
    who = (printer.key, printer.client_secret)
    answer = bearer.post(server.metadata["token_endpoint"], data=form, auth=who, withhold_token=True)
    assert refused(answer)[2] == "VK-EXCHANGE-OAUTH1-PROOF-MISSING"


def test_an_exchange_that_another_token_signed(server, printer, signed_in_alice):
    client, _ = connected(server, printer, signed_in_alice)
    _, other = connected(server, printer, signed_in_alice)
    assert refused(exchange(client, server, other))[2] == "VK-EXCHANGE-OAUTH1-PROOF-MISSING"


@pytest.mark.parametrize("library", LIBRARIES)
def test_an_exchange_by_another_consumer(server, printer, scanner, signed_in_alice, library):
    _, token = connected(server, printer, signed_in_alice)
    thief = library(server, scanner, token=token)
    assert refused(exchange(thief, server, token)) == (401, "invalid_client", "VK-OAUTH1-TOKEN-OTHER-CONSUMER")


@pytest.mark.parametrize("wrong", ["secret", "token_secret"])
def test_an_exchange_with_a_wrong_secret(server, printer, signed_in_alice, wrong):
    _, token = connected(server, printer, signed_in_alice)
    consumer = replace(printer, secret="guessed") if wrong == "secret" else printer
    shown = token | {"oauth_token_secret": "guessed"} if wrong == "token_secret" else token
    client = RequestsOAuthlib(server, consumer, token=shown)
    assert refused(exchange(client, server, token)) == (401, "invalid_client", "VK-OAUTH1-SIGNATURE-INVALID")


def test_temporary_credentials_are_not_exchanged(server, printer):
    client = RequestsOAuthlib(server, printer)
    temporary = client.initiate()
    assert refused(exchange(client, server, temporary))[2] == "VK-EXCHANGE-SUBJECT-TOKEN-INVALID"


def test_what_was_taken_back_is_not_exchanged_and_what_came_of_it_goes_with_it(server):
    alice = Person(server)
    consumer = new_consumer(server, "moved-and-left")
    client, token = connected(server, consumer, alice)
    app = Authlib(consumer.key, token=exchange(client, server, token).json())
    assert app.get(f"{server.photos}/photos").status_code == 200
    alice.take_back(consumer.key)
    assert app.get(f"{server.photos}/photos").status_code == 401
    assert refused(exchange(client, server, token)) == (401, "invalid_client", "VK-OAUTH1-TOKEN-REVOKED")


def test_after_its_retirement_a_client_uses_what_it_has_moved_to(server, signed_in_alice):
    consumer = new_consumer(server, "retiring")
    client, token = connected(server, consumer, signed_in_alice)
    tomorrow, yesterday = (date.today() + timedelta(days=days) for days in (2, -2))
    server.client("oauth1", consumer.key, "--retires", tomorrow.isoformat())
    tokens = exchange(client, server, token).json()
    app = Authlib(consumer.key, consumer.client_secret, token=tokens)

    server.client("oauth1", consumer.key, "--retires", yesterday.isoformat())
    eventually(lambda: not client.get(f"{server.photos}/photos").ok)
    answer = client.get(f"{server.photos}/photos")
    assert answer.status_code == 401
    assert parse_qs(answer.text)["rule"] == ["VK-OAUTH1-TOKEN-EXPIRED"]
    assert refused(exchange(client, server, token))[2] == "VK-EXCHANGE-OAUTH1-MIGRATION-NOT-ALLOWED"
    assert app.get(f"{server.photos}/photos").status_code == 200
    app.refresh_token(server.metadata["token_endpoint"], resource=server.photos)
    assert app.get(f"{server.photos}/photos").status_code == 200


def test_a_client_without_refresh_tokens_has_nowhere_to_move(server, signed_in_alice):
    consumer = new_consumer(server, "staying")
    client, token = connected(server, consumer, signed_in_alice)
    server.client("allow", consumer.key, "refresh_token", "--off")

    def refusal():
        answer = exchange(client, server, token)
        return None if answer.ok else refused(answer)

    assert eventually(refusal)[1:] == ("unauthorized_client", "VK-EXCHANGE-OAUTH1-MIGRATION-NOT-ALLOWED")


def test_credentials_that_came_out_of_band_move_too(server, printer, signed_in_alice):
    client = RequestsOAuthlib(server, replace(printer, callback="oob"))
    token = connect(client, signed_in_alice)
    assert exchange(client, server, token).status_code == 200
