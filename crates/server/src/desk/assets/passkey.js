// Passkeys: asks the authenticator what a form is to be answered with, puts its answer into the form, and sends it. Decides nothing
// and keeps nothing: the server asks, and checks.

const words = JSON.parse(document.querySelector("#words")?.textContent ?? "{}");
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const base64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function tell(form, text) {
  const place = form.querySelector("[data-said]");
  place.textContent = text;
  place.hidden = !text;
}

// What the server asks: it stands in the page, or the server is asked for it first, by a form like any other.
async function asked(form) {
  if (form.dataset.asked) return JSON.parse(form.dataset.asked);
  const own = form.elements.form ? { form: form.elements.form.value } : {};
  const answer = await fetch(form.dataset.ask, { method: "POST", body: new URLSearchParams(own), headers: { "x-desk": "1" }, credentials: "same-origin" });
  if (!answer.ok) throw new Error(answer.status === 401 ? words.signedOut : words.passkeyFailed);
  return answer.json();
}

const named = (ids) => ids.map((id) => ({ type: "public-key", id: bytes(id) }));

async function create(ask) {
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: bytes(ask.challenge),
      rp: { id: ask.rpId, name: ask.name },
      user: { id: bytes(ask.user), name: ask.person, displayName: ask.person },
      pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -257 }],
      authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
      excludeCredentials: named(ask.credentials),
      attestation: "none",
      timeout: ask.timeout,
    },
  });
  return { new_data: base64(made.response.getAuthenticatorData()), new_client: base64(made.response.clientDataJSON) };
}

async function get(ask) {
  const signed = await navigator.credentials.get({
    publicKey: {
      challenge: bytes(ask.challenge),
      rpId: ask.rpId,
      allowCredentials: named(ask.credentials),
      userVerification: "required",
      timeout: ask.timeout,
    },
  });
  const { authenticatorData, clientDataJSON, signature } = signed.response;
  return { passkey: base64(signed.rawId), passkey_data: base64(authenticatorData), passkey_client: base64(clientDataJSON), passkey_signature: base64(signature) };
}

let busy = false;
async function run(form) {
  if (busy) return;
  busy = true;
  const button = form.querySelector("button[type=submit]");
  button?.setAttribute("aria-busy", "true");
  tell(form, "");
  try {
    const ask = await asked(form);
    if (location.origin !== ask.origin) { tell(form, `${words.passkeyElsewhere} ${ask.origin}`); return; }
    const answer = await (form.dataset.passkey === "create" ? create(ask) : get(ask));
    if (!form.isConnected) return;
    for (const [name, value] of Object.entries(answer)) form.elements[name].value = value;
    form.dataset.answered = "1";
    form.requestSubmit();
    // What is asked once is answered once: sent again, it would be refused.
    for (const name of Object.keys(answer)) form.elements[name].value = "";
  } catch (error) {
    const known = { NotAllowedError: words.passkeyLeft, AbortError: words.passkeyLeft, InvalidStateError: words.passkeyKnown };
    tell(form, known[error.name] ?? (error instanceof TypeError ? words.unreachable : error.message || words.passkeyFailed));
  } finally {
    delete form.dataset.answered;
    busy = false;
    button?.removeAttribute("aria-busy");
  }
}

// Before the script that sends forms: it is not sent until the authenticator has answered.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches?.("form[data-passkey]") || form.dataset.answered) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!globalThis.PublicKeyCredential) { tell(form, words.passkeyUnsupported); return; }
  run(form);
}, { capture: true });

const look = () => {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!globalThis.PublicKeyCredential) tell(form, words.passkeyUnsupported);
    else if ("atOnce" in form.dataset) form.requestSubmit();
  }
};
look();
document.addEventListener("desk:swapped", look);

// Whoever proved in another tab that it is them goes on in this one: what waits there is sent. It carries nothing but that it is done;
// the server knows, or asks again.
const proven = new BroadcastChannel("countersign:proven");
proven.onmessage = () => document.querySelector("form[data-waits]")?.requestSubmit();
if (document.querySelector("[data-confirmed]")) proven.postMessage("");
