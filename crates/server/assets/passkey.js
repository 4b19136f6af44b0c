// Passkeys (WebAuthn) on pages that work without them. A form says what it wants:
//   <form data-passkey="get" data-options='{...}'>      sign in       (PublicKeyCredentialRequestOptionsJSON)
//   <form data-passkey="create" data-options='{...}'>   add a passkey (PublicKeyCredentialCreationOptionsJSON)
// with <input type="hidden" name="credential">, <button type="button" data-passkey-button hidden> and
// <p role="alert" data-passkey-error>. What the browser answers goes into the input as JSON, and the form is sent.
// With data-passkey-conditional on the form, passkeys are also offered where an input has autocomplete="username webauthn".
// The server takes no word of this script for anything: it checks every byte of the answer.

const words = {
  NotAllowedError: "No passkey was used: it was cancelled, or it took too long. You can try again.",
  InvalidStateError: "There is a passkey for this account in that place already.",
  NotSupportedError: "This device cannot keep a passkey of the kind that is needed here.",
  ConstraintError: "This device cannot check that it is you. Set up a screen lock or a PIN, or choose another device.",
  SecurityError: "Passkeys do not work at this address.",
  other: "The passkey could not be used. You can try again.",
};

// The offer below the username, while nobody asked for more. A page has room for one.
let offer;

function bytes(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// For browsers that cannot read the JSON themselves.
function read(json) {
  const options = { ...json, challenge: bytes(json.challenge) };
  if (json.user) options.user = { ...json.user, id: bytes(json.user.id) };
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    if (json[list]) options[list] = json[list].map((known) => ({ ...known, id: bytes(known.id) }));
  }
  return options;
}

function options(form) {
  const json = JSON.parse(form.dataset.options);
  const parse = form.dataset.passkey === "create" ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
  return PublicKeyCredential[parse]?.(json) ?? read(json);
}

// For browsers that cannot write the JSON themselves.
function written(credential) {
  const said = credential.response;
  const response = { clientDataJSON: text(said.clientDataJSON) };
  if (said.attestationObject) {
    response.attestationObject = text(said.attestationObject);
    response.transports = said.getTransports?.() ?? [];
  } else {
    response.authenticatorData = text(said.authenticatorData);
    response.signature = text(said.signature);
    if (said.userHandle) response.userHandle = text(said.userHandle);
  }
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

function json(credential) {
  try {
    return JSON.stringify(credential.toJSON());
  } catch {
    // Not there, or from an extension that put its own object in place of the browser's.
    return JSON.stringify(written(credential));
  }
}

function send(form, credential) {
  form.elements.namedItem("credential").value = json(credential);
  form.requestSubmit();
}

function tell(form, message) {
  const place = form.querySelector("[data-passkey-error]");
  if (!place) return;
  place.textContent = message;
  place.hidden = message === "";
}

async function ask(form) {
  if (!form.reportValidity()) return;
  offer?.abort();
  tell(form, "");
  try {
    const publicKey = options(form);
    const credentials = navigator.credentials;
    const answer = form.dataset.passkey === "create"
      ? await credentials.create({ publicKey })
      : await credentials.get({ publicKey });
    send(form, answer);
  } catch (error) {
    tell(form, words[error?.name] ?? words.other);
    offerBesideUsername(form);
  }
}

async function offerBesideUsername(form) {
  if (form.dataset.passkey !== "get" || !("passkeyConditional" in form.dataset)) return;
  const { signal } = (offer = new AbortController());
  try {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.()) || signal.aborted) return;
    const publicKey = options(form);
    const answer = await navigator.credentials.get({ publicKey, mediation: "conditional", signal });
    if (!signal.aborted) send(form, answer);
  } catch {
    // Nobody asked for it, so nobody needs to hear that it came to nothing; the button is still there.
  }
}

function prepare(form) {
  const button = form.querySelector("[data-passkey-button]");
  let busy = false;
  button?.addEventListener("click", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    await ask(form);
    busy = false;
  });
  if (button) button.hidden = false;
  offerBesideUsername(form);
}

// Whoever goes another way has declined the offer: an answer that comes later must not overtake what was sent.
addEventListener("submit", () => offer?.abort());
addEventListener("pagehide", () => offer?.abort());

if (window.PublicKeyCredential && navigator.credentials) {
  document.querySelectorAll("form[data-passkey]").forEach(prepare);
}
