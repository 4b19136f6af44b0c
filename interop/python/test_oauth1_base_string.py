"""Our signature base string (RFC 5849 §3.4.1) against oauthlib's, for requests that nobody thought of.

Every run draws new ones; a failure names its seed, and VALETKEY_SEED draws the same again. `shapes` lists where
oauthlib leaves the RFC, and the test wants both: that the two differ there, and that they agree everywhere else.
"""

import json
import os
import random
import re
import subprocess
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from conftest import BINARY
from oauthlib.oauth1.rfc5849 import signature

REQUESTS = 2_000

PIECES = [
    *"abZ09-._~ +%&=/?#:;,@!$'()*[]\"<>|\\^`{}\n\t\0",
    *("é", "ß", "☃", "𝄞", "\u0301", "%41", "%2B", "%25", "%zz", "%C3%A9", "+%20"),
]
NAMES = ["a", "b", "tag", "a b", "é", "%41", "", "oauth"]
HOSTS = ["example.com", "EXAMPLE.com", "a-b.example.", "127.0.0.1", "localhost", "[::1]", "xn--rksmrgs-5wao1o.example"]
PORTS = ["", ":", ":80", ":443", ":080", ":8080", ":1", ":65535"]
METHODS = ["GET", "HEAD", "POST", "put", "Patch", "DELETE", "OPTIONS", "X-OWN"]
REALMS = ["", "Photos", "a, b", "a=b", "https://photos.example/?a=b"]


class Draw:
    """Requests as clients write them: every encoding that a form allows, and no more than that."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def often(self, share):
        return self.random.random() < share

    def text(self, least=0, most=6):
        return "".join(self.random.choice(PIECES) for _ in range(self.random.randint(least, most)))

    def encoded(self, text):
        coded = self.random.choice(
            [
                quote(text, safe="~"),
                quote(text, safe="~:/?@!$'()*,;"),
                quote_plus(text),
                quote_plus(text, safe="/:@,;"),
            ]
        )
        # Either case is good in an escape.
        return re.sub(r"%..", lambda escape: escape.group().lower() if self.often(0.3) else escape.group(), coded)

    def pairs(self, most=5):
        pairs = []
        for _ in range(self.random.randint(0, most)):
            name = self.random.choice(NAMES) if self.often(0.6) else self.text(1, 4)
            pairs.append((name, self.text()))
            if self.often(0.2):
                pairs.append((name, self.random.choice([pairs[-1][1], self.text()])))
        return pairs

    def form(self, pairs):
        pieces = []
        for name, value in pairs:
            short = value == "" and name != "" and self.often(0.5)
            pieces.append(self.encoded(name) if short else f"{self.encoded(name)}={self.encoded(value)}")
        if self.often(0.1):
            pieces.insert(self.random.randint(0, len(pieces)), "")
        return "&".join(pieces)

    def protocol(self):
        all_of_them = {
            "oauth_consumer_key": self.text(1),
            "oauth_token": self.text(),
            "oauth_signature_method": self.random.choice(["HMAC-SHA1", "RSA-SHA256"]),
            "oauth_timestamp": str(self.random.randrange(10**10)),
            "oauth_nonce": self.text(1),
            "oauth_version": "1.0",
            "oauth_callback": "https://printer.example/ready?a=1&b=ä",
            "oauth_verifier": self.text(),
            "oauth_signature": self.text(),
            "oauth_extension_of_ours": self.text(),
        }
        # Valetkey refuses NUL in them.
        without_nul = [(name, value.replace("\0", "0")) for name, value in all_of_them.items()]
        there = [pair for pair in without_nul if self.often(0.8)]
        self.random.shuffle(there)
        return there

    def header(self, protocol):
        parameters = [f'{name}="{quote(value, safe="~")}"' for name, value in protocol]
        if self.often(0.05):
            parameters.append(f'extension="{quote(self.text(), safe="~")}"')
        if self.often(0.6):
            parameters.insert(0, f'realm="{self.random.choice(REALMS)}"')
        scheme = self.random.choice(["OAuth ", "oauth ", "OAUTH "])
        return scheme + self.random.choice([", ", ",", ",  "]).join(parameters)

    def url(self, query):
        scheme = self.random.choice(["http", "https", "HTTP", "Https"])
        safe = self.random.choice(["~", "~:@!$'()*,=", "~:@!$&'()*+,;="])
        path = "".join(f"/{quote(self.text(0, 4), safe=safe)}" for _ in range(self.random.randint(0, 3)))
        query = f"?{query}" if query or self.often(0.1) else ""
        address = self.random.choice(HOSTS) + self.random.choice(PORTS)
        return f"{scheme}://{address}{path}{query}{self.random.choice(['', '', '#top'])}"

    def request(self):
        place = self.random.choice(["header", "body", "query"])
        protocol = self.protocol()
        # A protocol parameter stands once, and all of them in one place (§3.1, §3.5).
        plain = [[pair for pair in self.pairs() if not pair[0].startswith("oauth_")] for _ in range(2)]
        query, body = plain
        for named, pairs in (("query", query), ("body", body)):
            if place == named:
                pairs.extend(protocol)
                self.random.shuffle(pairs)
        has_body = place == "body" or self.often(0.5)
        has_header = place == "header" or self.often(0.2)
        return {
            "method": self.random.choice(METHODS),
            "url": self.url(self.form(query)),
            "authorization": self.header(protocol if place == "header" else []) if has_header else None,
            "body": self.form(body) if has_body else None,
        }


def by_oauthlib(request):
    headers = {"Authorization": request["authorization"]} if request["authorization"] is not None else {}
    parameters = signature.collect_parameters(urlsplit(request["url"]).query, request["body"], headers)
    return signature.signature_base_string(
        request["method"], signature.base_string_uri(request["url"]), signature.normalize_parameters(parameters)
    )


def by_valetkey(requests):
    """All of them in one process."""
    lines = "".join(f"{json.dumps(request)}\n" for request in requests)
    command = [BINARY, "oauth1", "base-string", "--stdin"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def shapes(request):
    """Where oauthlib 4.0.1 leaves the RFC, and we do not."""
    found = set()
    # §3.4.1.3.1: the query and the form are decoded once, as forms. oauthlib decodes the value of a parameter whose
    # name begins with oauth_ a second time, by §3.6, which is for the header alone (§3.5.1): the form's "%2541" is
    # "%41", and it signs "A". (That takes a percent sign in a value: tokens and nonces of most providers have none.)
    forms = [urlsplit(request["url"]).query, request["body"] or ""]
    pairs = [pair for form in forms for pair in parse_qsl(form, keep_blank_values=True)]
    if any(n.startswith("oauth_") and n != "oauth_signature" and unquote(v) != v for n, v in pairs):
        found.add("a protocol parameter decoded twice")
    # §3.4.1.3.1: all the header's parameters but the realm are decoded by §3.5.1. oauthlib decodes those whose name
    # begins with oauth_ alone.
    extension = re.search(r'extension="([^"]*)"', request["authorization"] or "")
    if extension and unquote(extension.group(1)) != extension.group(1):
        found.add("another parameter of the header not decoded")
    # §3.4.1.2: the path is taken as it stands. Python's urlparse drops a ";" with nothing after it at the path's end.
    last = urlsplit(request["url"]).path.rpartition("/")[2]
    if last.find(";") == len(last) - 1 != -1:
        found.add("a semicolon lost")
    return found


def test_our_base_strings_are_those_of_oauthlib_and_of_the_rfc_where_it_leaves_that():
    seed = int(os.environ.get("VALETKEY_SEED") or random.randrange(2**32))
    draw = Draw(seed)
    alike, others = [], []
    while len(alike) < REQUESTS:
        request = draw.request()
        (others if shapes(request) else alike).append(request)
    for request, ours in zip(alike, by_valetkey(alike), strict=True):
        assert ours == by_oauthlib(request), f"VALETKEY_SEED={seed}: {request}"
    for request, ours in zip(others, by_valetkey(others), strict=True):
        assert ours != by_oauthlib(request), f"VALETKEY_SEED={seed}: {shapes(request)} is gone: {request}"


def test_where_oauthlib_leaves_the_rfc_we_do_not():
    """One request of each of the `shapes`, with what the RFC makes of it."""
    header = 'OAuth oauth_nonce="%2541",extension="a%20b"'
    left = {
        ("http://a.example/?oauth_nonce=%2541", None): ("http://a.example/", "oauth_nonce=%2541"),
        ("http://a.example/", header): ("http://a.example/", "extension=a%20b&oauth_nonce=%2541"),
        ("http://a.example/album;?a=1", None): ("http://a.example/album;", "a=1"),
    }
    requests = [{"method": "GET", "url": url, "authorization": header} for url, header in left]
    for (uri, parameters), text in zip(left.values(), by_valetkey(requests), strict=True):
        assert text == f"GET&{quote(uri, safe='~')}&{quote(parameters, safe='~')}"
