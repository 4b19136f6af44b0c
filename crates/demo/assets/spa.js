// MySweetApp as a single-page app: authorization code with PKCE, by hand, to show that there is no magic in it.
// Real apps use a library (as oidc-client-ts), or better a server of their own (RFC 10017). Tokens are kept in memory.
"use strict";

(() => {
  const page = document.getElementById("spa");
  const { issuer, clientId, redirectUri, photosUrl, scope } = page.dataset;
  const inspector = document.getElementById("spa-inspect").href;
  const STORE = "mysweetspa";
  const el = (id) => document.getElementById("spa-" + id);
  let tokens = null;
  let metadata = null;

  const base64url = (bytes) =>
    btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
  const sha256 = async (text) =>
    base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));

  function say(good, title, text) {
    el("said").hidden = false;
    el("said").className = "said " + (good ? "good" : "bad");
    el("said-title").textContent = title;
    el("said-text").textContent = text;
  }

  function show() {
    el("start").hidden = tokens !== null;
    el("deeds").hidden = tokens === null;
    if (tokens === null) el("photos").replaceChildren();
  }

  async function discover() {
    const answer = await fetch(issuer + "/.well-known/oauth-authorization-server");
    if (!answer.ok) throw new Error("The metadata cannot be read: " + answer.status);
    metadata = await answer.json();
    // RFC 8414 §3.3: metadata of another issuer is not this one's.
    if (metadata.issuer !== issuer) throw new Error("The metadata belongs to " + metadata.issuer);
  }

  async function connect() {
    await discover();
    const pending = { state: random(), nonce: random(), verifier: random() };
    sessionStorage.setItem(STORE, JSON.stringify(pending));
    const url = new URL(metadata.authorization_endpoint);
    url.search = new URLSearchParams({
      response_type: "code",
      client_id: clientId,
      redirect_uri: redirectUri,
      scope,
      resource: photosUrl,
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await sha256(pending.verifier),
      code_challenge_method: "S256",
    });
    location.assign(url);
  }

  async function callback() {
    const query = new URLSearchParams(location.search);
    const pending = JSON.parse(sessionStorage.getItem(STORE) ?? "null");
    // Used once, and the code does not stay in the address bar or the history.
    sessionStorage.removeItem(STORE);
    history.replaceState(null, "", redirectUri);
    if (pending === null || query.get("state") !== pending.state) {
      throw new Error("This answer belongs to no sign-in that this page began (RFC 6749 §10.12).");
    }
    await discover();
    if (query.get("iss") !== issuer) throw new Error("This answer comes from another server (RFC 9207).");
    if (query.has("error")) throw new Error(query.get("error") + ": " + (query.get("error_description") ?? ""));
    await ask({
      grant_type: "authorization_code",
      code: query.get("code") ?? "",
      redirect_uri: redirectUri,
      code_verifier: pending.verifier,
    });
    checkIdToken(pending.nonce);
    el("inspect").href = inspector + "/find?" + new URLSearchParams({ client_id: clientId, state: pending.state });
    show();
    await callApi();
  }

  // Straight from the token endpoint, so its signature adds nothing (OpenID Connect Core §3.1.3.7, 6).
  function checkIdToken(nonce) {
    const payload = (tokens.id_token ?? "").split(".")[1] ?? "";
    const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")) || "{}");
    if (claims.iss !== issuer || claims.aud !== clientId || claims.nonce !== nonce) {
      tokens = null;
      throw new Error("The ID token is not for this sign-in.");
    }
  }

  async function ask(form) {
    const body = new URLSearchParams({ client_id: clientId, ...form });
    const answer = await fetch(metadata.token_endpoint, { method: "POST", body });
    const json = await answer.json();
    if (!answer.ok) throw new Error(json.error + ": " + (json.error_description ?? ""));
    tokens = { ...tokens, ...json };
  }

  const api = (url) => fetch(url, { headers: { Authorization: "Bearer " + tokens.access_token } });

  async function callApi() {
    const answer = await api(photosUrl + "/photos");
    el("photos").replaceChildren();
    if (!answer.ok) {
      const challenge = answer.headers.get("WWW-Authenticate") ?? "";
      say(false, "The Photos API said no", "GET /photos → " + answer.status + " " + challenge);
      return;
    }
    const photos = await answer.json();
    for (const photo of photos.slice(0, 12)) {
      // The token goes to the API alone, whatever the list says.
      if (photo.href.startsWith(photosUrl + "/")) el("photos").append(await drawn(photo));
    }
    say(true, "The Photos API said yes", "GET /photos → 200, photos: " + photos.length);
  }

  async function drawn(photo) {
    const item = document.createElement("li");
    const figure = document.createElement("figure");
    const picture = document.createElement("img");
    const caption = document.createElement("figcaption");
    const answer = await api(photo.href);
    picture.src = URL.createObjectURL(await answer.blob());
    picture.addEventListener("load", () => URL.revokeObjectURL(picture.src));
    Object.assign(picture, { alt: photo.description, width: 600, height: 400 });
    caption.textContent = photo.title;
    figure.append(picture, caption);
    item.append(figure);
    return item;
  }

  async function refresh() {
    await ask({ grant_type: "refresh_token", refresh_token: tokens.refresh_token });
    say(true, "Refreshed", "A new access token came, and a new refresh token with it.");
  }

  async function revoke() {
    const body = new URLSearchParams({ client_id: clientId, token: tokens.refresh_token ?? tokens.access_token });
    const answer = await fetch(metadata.revocation_endpoint, { method: "POST", body });
    if (!answer.ok) throw new Error("POST /revoke → " + answer.status);
    say(true, "The key was given back", "No token counts any more. Call the API again and see.");
  }

  const doing = (deed) => () => deed().catch((error) => say(false, "That did not work", error.message));
  el("connect").addEventListener("click", doing(connect));
  el("call-api").addEventListener("click", doing(callApi));
  el("refresh").addEventListener("click", doing(refresh));
  el("revoke").addEventListener("click", doing(revoke));
  show();
  if (/[?&](code|error)=/.test(location.search)) doing(callback)();
})();
