"""Starts the real binary as `valetkey dev --port N --data FOLDER`, registers clients with the real commands while it
runs, and a person who fills in its pages."""

import functools
import html
import json
import os
import random
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from oauth1_libraries import Consumer, Denied, RequestsOAuthlib

BINARY = os.environ.get("VALETKEY_BIN", str(Path(__file__).parents[2] / "target/debug/valetkey"))

# The server under test speaks plain HTTP on the loopback interface.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

# How long something may take that is expected; only a test that fails waits for so long.
PATIENCE_SECONDS = 60


def eventually(attempt):
    """What `attempt` answers as soon as that is something; the server sees what a command changed within a second."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not (answer := attempt()):
        if time.monotonic() > end:
            raise AssertionError("it never happened")
        time.sleep(0.05)
    return answer


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def three_free_ports():
    """Below the ports that the system gives to outgoing connections."""
    for _ in range(100):
        port = random.randrange(20_000, 32_000)
        if all(is_free(port + step) for step in range(3)):
            return port
    raise RuntimeError("no three free ports in a row")


class Server:
    """A running `valetkey dev`."""

    def __init__(self):
        port = three_free_ports()
        self.issuer = f"http://localhost:{port}"
        self.photos = f"http://localhost:{port + 1}"
        self.app = f"http://localhost:{port + 2}"
        self.folder = tempfile.TemporaryDirectory(prefix="valetkey-interop-")
        self.data = self.folder.name
        arguments = ["dev", "--port", str(port), "--data", self.data]
        self.process = subprocess.Popen([BINARY, *arguments], stdout=subprocess.DEVNULL)

    def wait(self):
        for url in (f"{self.issuer}/readyz", f"{self.photos}/photos", self.app):
            for _ in range(400):
                if self.process.poll() is not None:
                    raise RuntimeError("valetkey ended early")
                try:
                    requests.get(url, allow_redirects=False, timeout=5)
                    break
                except requests.ConnectionError:
                    time.sleep(0.05)
            else:
                raise RuntimeError(f"{url} never answered")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        finally:
            self.folder.cleanup()

    @functools.cached_property
    def metadata(self):
        return requests.get(f"{self.issuer}/.well-known/oauth-authorization-server", timeout=10).json()

    def client(self, command, *arguments, stdin=""):
        """`valetkey client COMMAND ..` on the data of the running server; what it answers."""
        return self.command("client", command, *arguments, stdin=stdin)

    @functools.cache
    def person(self, username):
        """Somebody with an album of their own: the demo keeps no more than a hundred photos in each."""
        self.command("user", "add", username, "--password-stdin", stdin=f"{username} knows\n")
        return Person(self, username, f"{username} knows")

    def command(self, *arguments, stdin=""):
        line = [BINARY, *arguments, "--data", self.data, "--json"]
        done = subprocess.run(line, input=stdin, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


class Person:
    """A plain browser: cookies, redirects and forms, no script."""

    def __init__(self, server, username="alice", password="wonderland"):
        self.server, self.username, self.password = server, username, password
        self.browser = requests.Session()
        self.browser.trust_env = False

    def authorize(self, url, answer="allow"):
        """Signs in and consents where asked; returns the address the client gets."""
        response = self.to_the_end(url, answer)
        if not response.is_redirect:
            raise AssertionError(f"{urlsplit(response.url).path} answered {response.status_code}: {response.text}")
        return urljoin(response.url, response.headers["location"])

    def authorize_out_of_band(self, url):
        """The same where nothing comes back to the client: the code on the last page."""
        return self.text_of(self.to_the_end(url), "verifier")

    def allow_device(self, url, user_code, answer="allow"):
        """Types the code of a device, or follows its link, and answers."""
        page = self.browser.get(url, allow_redirects=False)
        last = self.go_on(self.submit(page, user_code=user_code), answer)
        return self.text_of(last, "ended")

    def take_back(self, client_id):
        """Presses the button of that app on the account page."""
        page = self.to_the_end(f"{self.server.issuer}/account")
        forms = re.findall(r"<form.*?</form>", page.text, re.S)
        form = next(form for form in forms if f'value="{client_id}"' in form)
        assert self.submit(page, form).is_redirect

    def to_the_end(self, url, answer="allow"):
        return self.go_on(self.browser.get(url, allow_redirects=False), answer)

    def go_on(self, response, answer):
        """Signs in and consents where asked, until something else is shown, or the way leads elsewhere."""
        for _ in range(10):
            if response.is_redirect:
                target = urljoin(response.url, response.headers["location"])
                if not target.startswith(self.server.issuer + "/"):
                    return response
                response = self.browser.get(target, allow_redirects=False)
            elif 'id="login"' in response.text:
                response = self.submit(response, username=self.username, password=self.password)
            elif 'id="allow"' in response.text:
                response = self.submit(response, answer=answer)
            else:
                return response
        raise AssertionError("the server redirects for ever")

    @staticmethod
    def text_of(page, element):
        found = re.search(rf'id="{element}"[^>]*>([^<]*)<', page.text)
        assert found, f"{urlsplit(page.url).path} answered {page.status_code}: {page.text}"
        return html.unescape(found.group(1))

    def submit(self, page, form=None, **fields):
        form = form or re.search(r'<form[^>]*method="post".*?</form>', page.text, re.S).group()
        action = html.unescape(re.search(r'action="([^"]*)"', form).group(1))
        for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>', form):
            name = re.search(r'name="([^"]*)"', tag).group(1)
            fields[name] = html.unescape(re.search(r'value="([^"]*)"', tag).group(1))
        return self.browser.post(
            urljoin(page.url, action), data=fields, headers={"origin": self.server.issuer}, allow_redirects=False
        )


@pytest.fixture(scope="session")
def server():
    running = Server()
    try:
        running.wait()
        yield running
    finally:
        running.stop()


@pytest.fixture
def alice(server):
    return Person(server)


@pytest.fixture(scope="session")
def signed_in_alice(server):
    """For what is not about signing in: one password typed for many flows."""
    return Person(server)


def rsa_key_pair():
    """A private and a public key, in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


CALLBACK = "https://printer.example/ready"
SCOPE = "openid offline_access photos.read photos.write"


def new_consumer(server, key, *, taken_over=None, rsa_key=None, allow="oauth1"):
    """Registers a client that signs, and waits until the server knows it."""
    more = ["--scope", SCOPE, "--redirect-uri", CALLBACK]
    added = server.client("add", key, "--name", key.capitalize(), "--allow", allow, *more)
    if taken_over:
        server.client("oauth1", key, "--secret-stdin", stdin=f"{taken_over}\n")
        secret = taken_over
    else:
        secret = server.client("oauth1", key, "--new-secret")["oauth1"]["consumer_secret"]
    if rsa_key:
        private, public = rsa_key
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(public)
            file.flush()
            server.client("oauth1", key, "--rsa-key", file.name)
    consumer = Consumer(key, secret, rsa_key and rsa_key[0], CALLBACK, added["client_secret"])
    methods = ["HMAC-SHA1", "RSA-SHA1"] if rsa_key else ["HMAC-SHA1"]
    for method in methods:
        eventually(lambda: may_begin(server, consumer, method))
    return consumer


def may_begin(server, consumer, method="HMAC-SHA1"):
    try:
        return RequestsOAuthlib(server, consumer, method).initiate()
    except Denied:
        return None


@pytest.fixture(scope="session")
def printer(server):
    """A consumer with a secret that was made here, and an RSA key of its own."""
    return new_consumer(server, "printer", rsa_key=rsa_key_pair())


@pytest.fixture(scope="session")
def scanner(server):
    """A consumer that brought its secret along from another provider."""
    return new_consumer(server, "scanner", taken_over="kd94hf93k423kf44 /+%&é=\"'")


@pytest.fixture(scope="session")
def another_rsa_key():
    return rsa_key_pair()[0]
