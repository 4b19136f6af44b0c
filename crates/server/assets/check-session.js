// A client's page asks here, by a message, whether the sign-in in this browser is still the one that it knows
// (OpenID Connect Session Management 1.0 §3.2). The answer is "unchanged", "changed" or "error".
const cookie = document.body.dataset.cookie;

function browserState() {
  const start = `${cookie}=`;
  const found = document.cookie.split("; ").filter((pair) => pair.startsWith(start));
  return found.length === 1 ? found[0].slice(start.length) : "";
}

async function hash(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function answer(message, origin) {
  const asked = typeof message === "string" && /^([\x21-\x7e]+) ([\w-]+)\.([\w-]+)$/.exec(message);
  if (!asked) return "error";
  const [, client, known, salt] = asked;
  const now = await hash(`${client} ${origin} ${browserState()} ${salt}`);
  return now === known ? "unchanged" : "changed";
}

// Only the site that holds this page in a frame may ask. Where the browser does not say which that is, the hash still
// holds the origin of whoever asks.
function holder() {
  const [nearest] = location.ancestorOrigins ?? [];
  if (nearest) return nearest;
  return document.referrer ? new URL(document.referrer).origin : null;
}

addEventListener("message", async ({ data, origin, source }) => {
  const site = holder();
  if (parent === window || !source || origin === "null" || (site && site !== origin)) return;
  let said;
  try {
    said = await answer(data, origin);
  } catch {
    said = "error";
  }
  source.postMessage(said, origin);
});
