"""The whole flow of OAuth 1.0a (RFC 5849 §2, §3) with clients that other people wrote: every library, signature method
and place of the parameters, with a callback and without one."""

import asyncio
from dataclasses import replace

import pytest
from authlib.integrations.httpx_client import AsyncOAuth1Client
from conftest import CALLBACK
from oauth1_libraries import LIBRARIES, METHODS, PLACES, Denied, RequestsOAuthlib

TITLE = "Räksmörgås & co + 100 %"


def connect(client, person):
    """Initiate, ask the person, redeem; the token credentials."""
    temporary = client.initiate()
    assert temporary["oauth_callback_confirmed"] == "true"
    url = client.authorization_url()
    if client.consumer.callback == "oob":
        return client.redeem(person.authorize_out_of_band(url))
    address = person.authorize(url)
    assert address.startswith(f"{client.consumer.callback}?")
    came_back = client.came_back(address)
    assert came_back["oauth_token"] == temporary["oauth_token"]
    return client.redeem(came_back["oauth_verifier"])


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("out_of_band", [False, True], ids=["callback", "oob"])
def test_the_whole_flow(server, printer, library, method, place, out_of_band):
    consumer = replace(printer, callback="oob") if out_of_band else printer
    client = library(server, consumer, method, place)
    token = connect(client, server.person(f"signer-by-{method}"))
    assert set(token) == {"oauth_token", "oauth_token_secret"}

    # The session that went through the flow, and a new one that was only given the credentials.
    for signer in (client, library(server, consumer, method, place, token=token)):
        answer = signer.post_json(f"{server.photos}/photos", {"title": TITLE})
        assert answer.status_code == 201, answer.text
        answer = signer.get(f"{server.photos}/photos?tag=a%20b&tag=&q=%2B%25")
        assert answer.status_code == 200, answer.text
        assert TITLE in [photo["title"] for photo in answer.json()]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("place", PLACES)
def test_the_whole_flow_of_authlibs_asynchronous_client(server, printer, signed_in_alice, method, place):
    async def flow():
        keys = {"rsa_key": printer.rsa_key} if method.startswith("RSA") else {"client_secret": printer.secret}
        client = AsyncOAuth1Client(
            printer.key, **keys, redirect_uri=CALLBACK, signature_method=method, signature_type=place.upper()
        )
        async with client:
            await client.fetch_request_token(f"{server.issuer}/oauth1/initiate")
            url = client.create_authorization_url(f"{server.issuer}/oauth1/authorize")
            client.parse_authorization_response(signed_in_alice.authorize(url))
            await client.fetch_access_token(f"{server.issuer}/oauth1/token")
            return await client.get(f"{server.photos}/photos")

    answer = asyncio.run(flow())
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_secret_that_was_taken_over_from_another_provider_signs(server, scanner, signed_in_alice, library):
    client = library(server, scanner)
    connect(client, signed_in_alice)
    assert client.get(f"{server.photos}/photos").status_code == 200


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("place", PLACES)
def test_a_form_is_part_of_what_is_signed(server, printer, signed_in_alice, library, place):
    client = library(server, printer, place=place)
    connect(client, signed_in_alice)
    # The Photos API wants JSON. That it says so, and not 401, means that the signature over the form was good.
    answer = client.post_form(f"{server.photos}/photos", {"title": TITLE, "empty": ""})
    assert answer.status_code == 415, answer.text


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("how", ["form", "query"])
def test_a_consumer_may_ask_for_less_than_everything(server, printer, signed_in_alice, library, how):
    client = library(server, printer)
    if how == "form":
        client.initiate(scope="photos.read")
    else:
        client.initiate("/oauth1/initiate?scope=photos.read")
    client.came_back(signed_in_alice.authorize(client.authorization_url()))
    client.redeem()
    assert client.get(f"{server.photos}/photos").status_code == 200
    refused = client.post_json(f"{server.photos}/photos", {"title": TITLE})
    assert refused.status_code == 403


def test_a_person_who_cancels_sends_the_client_back_without_a_verifier(server, printer, signed_in_alice):
    client = RequestsOAuthlib(server, printer)
    temporary = client.initiate()
    came_back = client.came_back(signed_in_alice.authorize(client.authorization_url(), answer="cancel"))
    assert came_back == {"oauth_token": temporary["oauth_token"], "oauth_problem": "permission_denied"}
    with pytest.raises(Denied) as denied:
        client.redeem("never-given")
    assert denied.value.rule == "VK-OAUTH1-NOT-AUTHORIZED"
