"""Debian's mod_auth_openidc in a real Apache, as a relying party: every response type that it speaks, `form_post`, and
sign-out at the server."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urljoin, urlsplit

import pytest
import requests
from conftest import Person, eventually, is_free, three_free_ports

APACHE = shutil.which("apache2") or "/usr/sbin/apache2"
MODULES = Path("/usr/lib/apache2/modules")

CONFIGURATION = """
ServerRoot {root}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile apache.pid
ErrorLog error.log
LogLevel warn
{user}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule dir_module {modules}/mod_dir.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so
DocumentRoot {root}/site
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {secret}
OIDCRedirectURI http://localhost:{port}/private/redirect_uri
OIDCCryptoPassphrase {secret}
OIDCScope "openid profile email"
OIDCPKCEMethod S256
OIDCResponseType "{response_type}"
{response_mode}
<Location /private>
    AuthType openid-connect
    Require valid-user
    Header always set X-Subject "%{{OIDC_CLAIM_sub}}e"
    Header always set X-Name "%{{OIDC_CLAIM_name}}e"
    Header always set X-Acr "%{{OIDC_CLAIM_acr}}e"
</Location>
"""


def missing():
    if not os.path.exists(APACHE) or not (MODULES / "mod_auth_openidc.so").exists():
        return "apache2 and libapache2-mod-auth-openidc are not installed"
    return ""


# scripts/test installs both where it can, and CI has them.
pytestmark = pytest.mark.skipif(bool(missing()) and not os.environ.get("CI"), reason=missing() or "it is there")


class Apache:
    """A site whose /private wants a person who signed in at the server."""

    def __init__(self, server, response_type, response_mode=None):
        port = three_free_ports()
        self.site = f"http://localhost:{port}"
        self.folder = Path(tempfile.mkdtemp(prefix="valetkey-apache-"))
        self.client_id = f"apache-{port}"
        front_channel = ["--allow", "implicit,authorization_code"] if response_type != "code" else []
        registered = server.client(
            "add",
            self.client_id,
            "--redirect-uri",
            f"{self.site}/private/redirect_uri",
            "--post-logout-redirect-uri",
            f"{self.site}/bye.html",
            "--backchannel-logout-uri",
            f"{self.site}/private/redirect_uri?logout=backchannel",
            *front_channel,
        )
        (self.folder / "site" / "private").mkdir(parents=True)
        (self.folder / "site" / "private" / "index.html").write_text("the private page")
        (self.folder / "site" / "bye.html").write_text("bye")
        as_root = os.geteuid() == 0
        if as_root:
            account = pwd.getpwnam("www-data")
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, account.pw_uid, account.pw_gid)
        (self.folder / "apache.conf").write_text(
            CONFIGURATION.format(
                root=self.folder,
                port=port,
                modules=MODULES,
                user="User www-data\nGroup www-data" if as_root else "",
                issuer=server.issuer,
                client_id=self.client_id,
                secret=registered["client_secret"],
                response_type=response_type,
                response_mode=f"OIDCResponseMode {response_mode}" if response_mode else "",
            )
        )
        command = [APACHE, "-X", "-f", str(self.folder / "apache.conf")]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        eventually(lambda: not is_free(port) or self.process.poll())
        assert self.process.poll() is None, self.log()

    def log(self):
        log = self.folder / "error.log"
        return log.read_text() if log.exists() else "no log"

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        shutil.rmtree(self.folder)


class Visitor(Person):
    """A browser that carries what the server answers on to Apache, as the answer says."""

    def visit(self, apache, path="/private/"):
        page = self.browser.get(apache.site + path, allow_redirects=False)
        for _ in range(4):
            if not page.is_redirect:
                return page
            target = urljoin(page.url, page.headers["location"])
            if target.startswith(self.server.issuer):
                page = self.carry(self.to_the_end(target), target)
            else:
                page = self.browser.get(target, allow_redirects=False)
        raise AssertionError(f"redirected for ever: {page.url}")

    def carry(self, answer, asked):
        """What a browser does with the answer: follows it, or sends its form."""
        if not answer.is_redirect:
            return self.post_form(answer)
        target = urlsplit(answer.headers["location"])
        if not target.fragment:
            return self.browser.get(target.geturl(), allow_redirects=False)
        # The script of the module reads the fragment and sends it as a form.
        page = self.browser.get(target._replace(fragment="").geturl(), allow_redirects=False)
        assert page.status_code == 200 and "location.hash" in page.text, page.text
        fields = dict(parse_qsl(target.fragment), response_mode="fragment")
        return self.browser.post(page.url, data=fields, allow_redirects=False)

    def post_form(self, page):
        form = re.search(r'<form[^>]*method="post".*?</form>', page.text, re.S)
        assert form, f"{page.url} answered {page.status_code}: {page.text}"
        action = re.search(r'action="([^"]*)"', form.group()).group(1)
        fields = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form.group()))
        assert fields, form.group()
        return self.browser.post(action.replace("&amp;", "&"), data=fields, allow_redirects=False)


@pytest.fixture
def apache(server, request):
    running = Apache(server, *request.param)
    eventually(lambda: knows(server, running))
    yield running
    running.stop()


def knows(server, apache):
    query = {"client_id": apache.client_id, "redirect_uri": f"{apache.site}/private/redirect_uri"}
    return requests.get(f"{server.issuer}/authorize", params=query, allow_redirects=False, timeout=10).is_redirect


WAYS = [
    ("code",),
    ("code", "form_post"),
    ("id_token",),
    ("id_token", "form_post"),
    ("id_token token",),
    ("code id_token",),
    ("code id_token", "form_post"),
    ("code token",),
    ("code id_token token",),
    ("code id_token token", "form_post"),
]


@pytest.mark.parametrize("apache", WAYS, indirect=True, ids=" ".join)
def test_a_private_page_opens_to_a_person_who_signs_in(server, apache):
    alice = Visitor(server)
    page = alice.visit(apache)
    assert page.status_code == 200 and page.text == "the private page", (page.status_code, page.text, apache.log())
    assert page.headers["X-Subject"] and page.headers["X-Subject"] != "(null)"
    assert page.headers["X-Acr"] == "1"
    again = alice.browser.get(page.url, allow_redirects=False)
    assert again.status_code == 200, "the module keeps its session"


@pytest.mark.parametrize("apache", [("code",)], indirect=True)
def test_a_no_of_the_person_opens_nothing(server, apache):
    alice = Visitor(server)
    asked = alice.browser.get(f"{apache.site}/private/", allow_redirects=False)
    answer = alice.to_the_end(asked.headers["location"], answer="cancel")
    assert parse_qs(urlsplit(answer.headers["location"]).query)["error"] == ["access_denied"]
    page = alice.browser.get(answer.headers["location"], allow_redirects=False)
    assert page.text != "the private page"


@pytest.mark.parametrize("apache", [("code",)], indirect=True)
def test_signing_out_at_the_module_signs_out_at_the_server_and_comes_back(server, apache):
    alice = Visitor(server)
    assert alice.visit(apache).status_code == 200
    out = alice.browser.get(
        f"{apache.site}/private/redirect_uri", params={"logout": f"{apache.site}/bye.html"}, allow_redirects=False
    )
    end = urljoin(out.url, out.headers["location"])
    assert end.startswith(f"{server.issuer}/end_session"), end
    back = alice.browser.get(end, allow_redirects=False)
    assert back.is_redirect or f"{apache.site}/bye.html" in back.text, back.text
    account = alice.browser.get(f"{server.issuer}/account", allow_redirects=False)
    assert account.is_redirect and "/login" in account.headers["location"], "nobody is signed in any more"


@pytest.mark.parametrize("apache", [("code",)], indirect=True)
def test_signing_out_at_the_server_ends_the_session_of_the_module_by_the_back_channel(server, apache):
    alice = Visitor(server)
    page = alice.visit(apache)
    assert page.text == "the private page"
    out = alice.browser.get(f"{server.issuer}/logout")
    alice.submit(out)
    eventually(lambda: alice.browser.get(page.url, allow_redirects=False).is_redirect)
