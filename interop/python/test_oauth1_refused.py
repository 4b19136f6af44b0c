"""What OAuth 1.0a requests are refused for (RFC 5849 §3.2, §4), as the libraries report it. Each test breaks one thing
in a request that works otherwise."""

import time
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
import requests
from conftest import Person, eventually, new_consumer
from oauth1_libraries import LIBRARIES, Consumer, Denied, RequestsOAuthlib
from oauthlib.common import Request
from oauthlib.oauth1.rfc5849 import signature

NONCE = "chapoH"


def connected(server, consumer, person, library=RequestsOAuthlib):
    client = library(server, consumer)
    client.initiate()
    client.came_back(person.authorize(client.authorization_url()))
    client.redeem()
    return client


def rule_of(answer):
    """The rule that the API names in its form, and a challenge where RFC 9110 §15.5.2 wants one."""
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"].startswith("OAuth realm="), answer.headers
    return parse_qs(answer.text)["rule"][0]


@pytest.fixture
def alices_printer(server, printer, signed_in_alice):
    return connected(server, printer, signed_in_alice)


def test_a_wrong_consumer_secret_is_answered_with_the_base_string_that_was_expected(server, printer):
    seen = {}

    class Watched(RequestsOAuthlib):
        """Keeps what oauthlib signed."""

        def fetch(self, call, path, **more):
            self.session.hooks["response"].append(lambda answer, **_: seen.update(sent=answer.request))
            return super().fetch(call, path, **more)

    with pytest.raises(Denied) as denied:
        Watched(server, replace(printer, secret="not the secret")).initiate()
    assert denied.value.status == 401
    assert denied.value.form["oauth_problem"] == "signature_invalid"
    assert denied.value.rule == "VK-OAUTH1-SIGNATURE-INVALID"
    assert denied.value.form["expected"] == base_string_by_oauthlib(seen["sent"])


def base_string_by_oauthlib(sent):
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in sent.headers.items()}
    request = Request(sent.url, sent.method, sent.body, headers)
    parameters = signature.collect_parameters(request.uri_query, request.decoded_body, headers)
    return signature.signature_base_string(
        sent.method, signature.base_string_uri(sent.url), signature.normalize_parameters(parameters)
    )


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"])
def test_a_wrong_consumer_secret(server, printer, library, method):
    with pytest.raises(Denied) as denied:
        library(server, replace(printer, secret="not the secret"), method).initiate()
    assert (denied.value.status, denied.value.rule) == (401, "VK-OAUTH1-SIGNATURE-INVALID")


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("method", ["RSA-SHA1", "RSA-SHA256"])
def test_a_key_that_is_not_the_consumers(server, printer, another_rsa_key, library, method):
    with pytest.raises(Denied) as denied:
        library(server, replace(printer, rsa_key=another_rsa_key), method).initiate()
    assert (denied.value.status, denied.value.rule) == (401, "VK-OAUTH1-SIGNATURE-INVALID")


def test_a_method_that_the_consumer_has_no_key_for(server, scanner, another_rsa_key):
    with pytest.raises(Denied) as denied:
        RequestsOAuthlib(server, replace(scanner, rsa_key=another_rsa_key), "RSA-SHA1").initiate()
    assert denied.value.rule == "VK-OAUTH1-SIGNATURE-METHOD-UNSUPPORTED"


def test_a_method_that_nobody_takes(server, printer):
    with pytest.raises(Denied) as denied:
        RequestsOAuthlib(server, printer, "HMAC-SHA512").initiate()
    assert denied.value.rule == "VK-OAUTH1-SIGNATURE-METHOD-UNSUPPORTED"


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_consumer_that_nobody_knows(server, printer, library):
    with pytest.raises(Denied) as denied:
        library(server, replace(printer, key="nobody")).initiate()
    assert (denied.value.status, denied.value.rule) == (401, "VK-OAUTH1-CONSUMER-UNKNOWN")


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_callback_that_is_not_registered(server, printer, library):
    with pytest.raises(Denied) as denied:
        library(server, replace(printer, callback="https://printer.example/ready/elsewhere")).initiate()
    assert denied.value.rule == "VK-OAUTH1-CALLBACK-UNREGISTERED"


def test_a_replayed_nonce_at_the_server(server, printer):
    once = {"nonce": NONCE, "timestamp": str(int(time.time()))}
    RequestsOAuthlib(server, printer, **once).initiate()
    with pytest.raises(Denied) as denied:
        RequestsOAuthlib(server, printer, **once).initiate()
    assert (denied.value.status, denied.value.rule) == (401, "VK-OAUTH1-NONCE-USED")
    assert denied.value.form["oauth_problem"] == "nonce_used"
    # The next second, it is another request.
    once["timestamp"] = str(int(once["timestamp"]) + 1)
    RequestsOAuthlib(server, printer, **once).initiate()


def test_a_replayed_nonce_at_the_api(server, printer, alices_printer):
    token = alices_printer.session.token
    once = {"nonce": NONCE, "timestamp": str(int(time.time()))}
    answers = [
        RequestsOAuthlib(server, printer, token=token, **once).get(f"{server.photos}/photos?page={page}")
        for page in (1, 2)
    ]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert rule_of(answers[1]) == "VK-OAUTH1-NONCE-USED"


def test_a_request_that_was_overheard_and_sent_again(server, alices_printer):
    first = alices_printer.get(f"{server.photos}/photos")
    assert first.status_code == 200
    again = alices_printer.session.send(first.request)
    assert again.status_code == 401
    assert rule_of(again) == "VK-OAUTH1-NONCE-USED"


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_a_timestamp_far_from_now(server, printer, alices_printer, seconds):
    then = str(int(time.time()) + seconds)
    with pytest.raises(Denied) as denied:
        RequestsOAuthlib(server, printer, timestamp=then).initiate()
    assert (denied.value.status, denied.value.rule) == (401, "VK-OAUTH1-TIMESTAMP-REFUSED")
    late = RequestsOAuthlib(server, printer, token=alices_printer.session.token, timestamp=then)
    answer = late.get(f"{server.photos}/photos")
    assert answer.status_code == 401
    assert rule_of(answer) == "VK-OAUTH1-TIMESTAMP-REFUSED"


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_verifier_of_other_temporary_credentials(server, printer, signed_in_alice, library):
    """Session fixation of OAuth Core 1.0: who began is not who was sent to the authorization page."""
    mine, victims = library(server, printer), library(server, printer)
    for client in (mine, victims):
        client.initiate()
    stolen = dict(mine.session.token)
    addresses = [signed_in_alice.authorize(client.authorization_url()) for client in (mine, victims)]
    verifier = parse_qs(addresses[1].split("?", 1)[1])["oauth_verifier"][0]
    mine.session.token = stolen
    with pytest.raises(Denied) as denied:
        mine.redeem(verifier)
    assert (denied.value.status, denied.value.rule) == (401, "VK-OAUTH1-VERIFIER-INVALID")
    # The credentials that it belongs to are still good.
    victims.came_back(addresses[1])
    assert victims.redeem()["oauth_token"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_temporary_credentials_that_nobody_has_allowed(server, printer, library):
    client = library(server, printer)
    client.initiate()
    with pytest.raises(Denied) as denied:
        client.redeem("guessed")
    assert denied.value.rule == "VK-OAUTH1-NOT-AUTHORIZED"


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_verifier_that_is_shown_twice_takes_the_access_back(server, printer, signed_in_alice, library):
    client = library(server, printer)
    client.initiate()
    temporary = dict(client.session.token)
    client.came_back(signed_in_alice.authorize(client.authorization_url()))
    verifier = client.session.token["oauth_verifier"]
    token = client.redeem()
    assert client.get(f"{server.photos}/photos").status_code == 200

    client.session.token = temporary
    with pytest.raises(Denied) as denied:
        client.redeem(verifier)
    assert denied.value.rule == "VK-OAUTH1-TOKEN-USED"
    answer = library(server, printer, token=token).get(f"{server.photos}/photos")
    assert answer.status_code == 401
    assert rule_of(answer) == "VK-OAUTH1-TOKEN-REVOKED"


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_token_of_another_consumer(server, scanner, alices_printer, library):
    thief = library(server, scanner, token=alices_printer.session.token)
    answer = thief.get(f"{server.photos}/photos")
    assert answer.status_code == 401
    assert rule_of(answer) == "VK-OAUTH1-TOKEN-OTHER-CONSUMER"


def test_temporary_credentials_of_another_consumer(server, printer, scanner, signed_in_alice):
    client = RequestsOAuthlib(server, printer)
    client.initiate()
    came_back = dict(client.session.token)
    came_back |= client.came_back(signed_in_alice.authorize(client.authorization_url()))
    thief = RequestsOAuthlib(server, scanner, token=came_back)
    with pytest.raises(Denied) as denied:
        thief.redeem(came_back["oauth_verifier"])
    assert denied.value.rule == "VK-OAUTH1-TOKEN-OTHER-CONSUMER"


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_wrong_token_secret(server, printer, alices_printer, library):
    token = alices_printer.session.token | {"oauth_token_secret": "guessed"}
    answer = library(server, printer, token=token).get(f"{server.photos}/photos")
    assert answer.status_code == 401
    assert rule_of(answer) == "VK-OAUTH1-SIGNATURE-INVALID"


@pytest.mark.parametrize("library", LIBRARIES)
def test_temporary_credentials_open_no_api(server, printer, library):
    client = library(server, printer)
    client.initiate()
    answer = client.get(f"{server.photos}/photos")
    assert answer.status_code == 401
    assert rule_of(answer) == "VK-OAUTH1-TOKEN-UNKNOWN"


@pytest.mark.parametrize("change", ["query", "method", "path", "signature"])
def test_a_request_that_was_changed_on_its_way(server, alices_printer, change):
    session = alices_printer.session
    signed = session.prepare_request(requests.Request("GET", f"{server.photos}/photos?page=1"))
    if change == "query":
        signed.url = signed.url.replace("page=1", "page=2")
    elif change == "method":
        signed.method = "POST"
    elif change == "path":
        signed.url = signed.url.replace("/photos?", "/photos/1/image?")
    else:
        header = signed.headers["Authorization"].decode()
        signed.headers["Authorization"] = ", ".join(
            part for part in header.split(", ") if not part.startswith("oauth_signature=")
        )
    answer = session.send(signed)
    if change == "signature":
        assert (answer.status_code, rule_of(answer)) == (400, "VK-OAUTH1-PARAMETER-MISSING")
    else:
        assert (answer.status_code, rule_of(answer)) == (401, "VK-OAUTH1-SIGNATURE-INVALID")


@pytest.mark.parametrize("library", LIBRARIES)
def test_access_that_was_taken_back_on_the_account_page(server, library):
    alice = Person(server)
    consumer = new_consumer(server, f"given-back-{library.__name__.lower()}")
    clients = [connected(server, consumer, alice, library) for _ in range(2)]
    for client in clients:
        assert client.get(f"{server.photos}/photos").status_code == 200
    alice.take_back(consumer.key)
    for client in clients:
        answer = client.get(f"{server.photos}/photos")
        assert answer.status_code == 401
        assert rule_of(answer) == "VK-OAUTH1-TOKEN-REVOKED"
    # She may give it again.
    assert connected(server, consumer, alice, library).get(f"{server.photos}/photos").status_code == 200


def test_access_that_the_operator_took_back(server, signed_in_alice):
    consumer = new_consumer(server, "recalled")
    client = connected(server, consumer, signed_in_alice)
    server.client("revoke-grants", consumer.key, "--by", "oauth1")
    answer = client.get(f"{server.photos}/photos")
    assert answer.status_code == 401
    assert rule_of(answer) == "VK-OAUTH1-TOKEN-REVOKED"


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_client_that_may_use_only_oauth_2(server, library):
    modern = f"modern-{library.__name__.lower()}"
    server.client("add", modern, "--redirect-uri", "https://modern.example/callback")
    consumer = Consumer(modern, "any secret")
    refusal = eventually(lambda: refused_with(server, consumer, library, "VK-OAUTH1-NOT-ALLOWED"))
    assert refusal.form["oauth_problem"]
    assert "client allow" in refusal.form["fix"]


def test_oauth1_that_is_taken_away_while_tokens_are_out(server, signed_in_alice):
    consumer = new_consumer(server, "stopped")
    client = connected(server, consumer, signed_in_alice)
    server.client("allow", consumer.key, "oauth1", "--off")
    eventually(lambda: refused_with(server, consumer, RequestsOAuthlib, "VK-OAUTH1-NOT-ALLOWED"))
    answer = client.get(f"{server.photos}/photos")
    assert answer.status_code == 401
    assert rule_of(answer) == "VK-OAUTH1-NOT-ALLOWED"


def test_a_consumer_secret_that_was_replaced(server):
    consumer = new_consumer(server, "renewed")
    fresh = server.client("oauth1", consumer.key, "--new-secret")["oauth1"]["consumer_secret"]
    eventually(lambda: refused_with(server, consumer, RequestsOAuthlib, "VK-OAUTH1-SIGNATURE-INVALID"))
    assert RequestsOAuthlib(server, replace(consumer, secret=fresh)).initiate()


def refused_with(server, consumer, library, rule):
    try:
        library(server, consumer).initiate()
    except Denied as denied:
        return denied if denied.rule == rule else None
