"""Starts the real binary as `valetkey dev --port N`, and a person who fills in its pages."""

import html
import os
import random
import re
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import requests

BINARY = os.environ.get("VALETKEY_BIN", str(Path(__file__).parents[2] / "target/debug/valetkey"))

# The server under test speaks plain HTTP on the loopback interface.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"


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
        self.process = subprocess.Popen([BINARY, "dev", "--port", str(port)], stdout=subprocess.DEVNULL)

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
        self.process.wait(timeout=30)


class Person:
    """A plain browser: cookies, redirects and forms, no script."""

    def __init__(self, server, username="alice", password="wonderland"):
        self.server, self.username, self.password = server, username, password
        self.browser = requests.Session()
        self.browser.trust_env = False

    def authorize(self, url, answer="allow"):
        """Signs in and consents where asked; returns the address the client gets."""
        response = self.browser.get(url, allow_redirects=False)
        for _ in range(10):
            if response.is_redirect:
                target = urljoin(response.url, response.headers["location"])
                if not target.startswith(self.server.issuer + "/"):
                    return target
                response = self.browser.get(target, allow_redirects=False)
            elif 'id="login"' in response.text:
                response = self.submit(response, username=self.username, password=self.password)
            elif 'id="allow"' in response.text:
                response = self.submit(response, answer=answer)
            else:
                raise AssertionError(f"{urlsplit(response.url).path} answered {response.status_code}: {response.text}")
        raise AssertionError("the server redirects for ever")

    def submit(self, page, **fields):
        form = re.search(r'<form[^>]*method="post".*?</form>', page.text, re.S).group()
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
