"""Letters through a real SMTP server (aiosmtpd): an account is opened by its link, and a forgotten password is replaced."""

import re
import subprocess
import tempfile
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path

import pytest
import requests
from aiosmtpd.controller import Controller
from conftest import BINARY, Person, eventually, three_free_ports


class Letters:
    """Keeps what comes; the first try of each letter is put off, as a busy mail server does."""

    def __init__(self):
        self.kept, self.tried = [], set()

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        if message["Message-ID"] not in self.tried:
            self.tried.add(message["Message-ID"])
            return "451 4.7.1 try again later"
        self.kept.append(message)
        return "250 OK"


class Serving:
    """A running `valetkey serve` that sends letters and lets people open accounts."""

    def __init__(self, smtp_port):
        port = three_free_ports()
        self.issuer = f"http://localhost:{port}"
        self.folder = tempfile.TemporaryDirectory(prefix="valetkey-mail-")
        place = Path(self.folder.name)
        config = place / "valetkey.toml"
        config.write_text(
            f"""
[server]
issuer = "{self.issuer}"
listen = "127.0.0.1:{port}"
management_listen = "off"

[store]
folder = "{place / 'store'}"

[mail]
smtp_host = "127.0.0.1"
smtp_port = {smtp_port}
tls = "none"
from = "Valetkey <no-reply@id.example>"

[accounts]
sign_up = "open"
"""
        )
        self.process = subprocess.Popen([BINARY, "serve", "--config", str(config)], stdout=subprocess.DEVNULL)
        eventually(self.is_up)

    def is_up(self):
        assert self.process.poll() is None, "valetkey ended early"
        try:
            return requests.get(f"{self.issuer}/readyz", timeout=5).ok
        except requests.ConnectionError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.folder.cleanup()


@pytest.fixture(scope="module")
def letters():
    handler = Letters()
    controller = Controller(handler, hostname="127.0.0.1", port=three_free_ports())
    controller.start()
    yield handler, controller.port
    controller.stop()


@pytest.fixture(scope="module")
def serving(letters):
    running = Serving(letters[1])
    yield running
    running.stop()


def letter(letters, number):
    return eventually(lambda: letters.kept[number] if len(letters.kept) > number else None)


def link(message):
    body = message.get_body(("plain",)).get_content()
    return re.search(r"http://localhost:\d+/\S+", body).group()


def fill(person, page, **fields):
    """Sends the form of a page that has the fields."""
    forms = re.findall(r'<form[^>]*method="post".*?</form>', page.text, re.S)
    form = next(form for form in forms if all(f'name="{name}"' in form for name in fields))
    return person.submit(page, form, **fields)


def test_an_account_is_opened_by_a_letter_and_a_forgotten_password_is_replaced_by_another(serving, letters):
    kept = letters[0]
    carol = Person(serving, "carol", "a long and winding road")
    page = carol.browser.get(f"{serving.issuer}/login")
    address = unescape(re.search(r'href="([^"]*sign-up[^"]*)"', page.text).group(1))
    form = carol.browser.get(serving.issuer + address if address.startswith("/") else address)
    fields = {"username": "carol", "email": "carol@mail.example", "password": carol.password}
    sent = fill(carol, form, **fields)
    assert sent.status_code in (200, 303), sent.text

    first = letter(kept, 0)
    assert first["To"] == "carol@mail.example" and first["Auto-Submitted"] == "auto-generated"
    assert first["Message-ID"].endswith("@id.example>") and first.get_body(("html",))
    opened = carol.browser.get(link(first))
    done = carol.submit(opened)
    assert done.status_code in (200, 303), done.text
    again = carol.submit(carol.browser.get(link(first)))
    assert again.status_code == 400, "the link counts once"

    other = Person(serving, "carol", carol.password)
    account = other.to_the_end(f"{serving.issuer}/account")
    assert account.status_code == 200 and "carol@mail.example" in account.text

    forgot = other.browser.get(f"{serving.issuer}/forgot-password")
    assert fill(other, forgot, username="carol").status_code in (200, 303)
    second = letter(kept, 1)
    form = other.browser.get(link(second))
    changed = fill(other, form, new_password="quite another winding road")
    assert changed.status_code in (200, 303), changed.text
    assert other.browser.get(f"{serving.issuer}/account", allow_redirects=False).is_redirect, "every session has ended"
    notice = letter(kept, 2)
    assert "password" in notice["Subject"].lower()
    newcomer = Person(serving, "carol", "quite another winding road")
    assert newcomer.to_the_end(f"{serving.issuer}/account").status_code == 200
