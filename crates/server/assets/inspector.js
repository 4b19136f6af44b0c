// Asks every second whether the flow went on, and puts the new part in place of the old one.
// Without this script the pages are the same, and a link reloads them.
const live = document.getElementById("live");
const pause = 1000;

function open() {
  return [...live.querySelectorAll("details")].map((d) => [d.id, d.open]);
}

async function renew() {
  if (document.hidden) return;
  const version = live.firstElementChild?.dataset.version ?? "0";
  const answer = await fetch(`${location.pathname}?part=${version}`, { cache: "no-store" });
  if (answer.status !== 200) return;
  const part = new DOMParser().parseFromString(await answer.text(), "text/html").body;
  const before = new Map(open());
  const focused = document.activeElement?.closest("details")?.id;
  live.replaceChildren(...part.childNodes);
  for (const details of live.querySelectorAll("details")) {
    if (before.has(details.id)) details.open = before.get(details.id);
  }
  if (focused) document.getElementById(focused)?.querySelector("summary")?.focus({ preventScroll: true });
}

async function watch() {
  try {
    await renew();
  } catch {
    // The server is away for a moment; the next question may be answered.
  }
  setTimeout(watch, pause);
}

if (live) setTimeout(watch, pause);
