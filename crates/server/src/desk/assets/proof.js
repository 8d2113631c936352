// Checks the proof of a case in the browser: leaf hashes (RFC 6962), inclusion proofs (RFC 9162, section 2.1.3.2), the root against
// the checkpoint (C2SP tlog-checkpoint), and the checkpoint's Ed25519 signature (C2SP signed-note). Trusts nothing that it can compute.

const words = JSON.parse(document.querySelector("#words")?.textContent ?? "{}");
const utf8 = new TextEncoder();

const joined = (...parts) => {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { out.set(part, at); at += part.length; }
  return out;
};
const fromHex = (text) => {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Error("no hexadecimal digits");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
};
const fromBase64 = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

/** The hash of a leaf. */
export const leafHash = (bytes) => sha256(joined([0], bytes));
const nodeHash = (left, right) => sha256(joined([1], left, right));

/** The root that a leaf's inclusion proof leads to; an error where the proof has the wrong length. */
export async function rootOf(index, size, leaf, proof) {
  if (!(index < size)) throw new Error("the event lies behind the checkpoint");
  // Sizes stay below 2^53, beyond the reach of bitwise operators.
  let first = BigInt(index);
  let last = BigInt(size) - 1n;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0n) throw new Error("the proof is too long");
    if (first % 2n === 1n || first === last) {
      hash = await nodeHash(sibling, hash);
      while (first % 2n === 0n && first !== 0n) { first >>= 1n; last >>= 1n; }
    } else {
      hash = await nodeHash(hash, sibling);
    }
    first >>= 1n;
    last >>= 1n;
  }
  if (last !== 0n) throw new Error("the proof is too short");
  return hash;
}

/** A checkpoint out of a signed note. */
export function checkpoint(note) {
  const cut = note.lastIndexOf("\n\n");
  if (cut < 0) throw new Error("the checkpoint is no signed note");
  const text = note.slice(0, cut + 1);
  const [origin, size, root] = text.split("\n");
  if (!/^(0|[1-9][0-9]*)$/.test(size)) throw new Error("the checkpoint has no size");
  const signatures = note.slice(cut + 2).split("\n").filter(Boolean).map((line) => {
    const parts = /^\u2014 (\S+) (\S+)$/.exec(line);
    if (!parts) throw new Error("a signature cannot be read");
    const bytes = fromBase64(parts[2]);
    return { name: parts[1], id: bytes.slice(0, 4), signature: bytes.slice(4) };
  });
  return { text, origin, size: Number(size), root: fromBase64(root), signatures };
}

/** Whether the key signed the note: true or false, or null where this browser cannot tell. */
export async function signedBy(vkey, point) {
  const parts = /^(.+)\+([0-9a-f]{8})\+(\S+)$/.exec(vkey);
  if (!parts) throw new Error("the key cannot be read");
  const [, name, id, encoded] = parts;
  const key = fromBase64(encoded);
  if (key[0] !== 1) throw new Error("the key is of another kind");
  const known = (await sha256(joined(utf8.encode(name), [10], key))).slice(0, 4);
  if (!same(known, fromHex(id))) throw new Error("the key's id is not its own");
  const found = point.signatures.find((one) => one.name === name && same(one.id, known));
  if (!found || point.origin !== name) return false;
  try {
    const imported = await crypto.subtle.importKey("raw", key.slice(1), { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, imported, found.signature, utf8.encode(point.text));
  } catch { return null; }
}

/** Checks all of it; tells of every event whether it holds. */
export async function check(proof) {
  const point = checkpoint(proof.checkpoint);
  const events = [];
  for (const event of proof.events) {
    if (!event.hashes) { events.push({ id: event.id, held: null }); continue; }
    let held = false;
    try {
      const bytes = utf8.encode(event.bytes);
      const root = await rootOf(event.index, point.size, await leafHash(bytes), event.hashes.map(fromHex));
      held = same(root, point.root) && JSON.parse(event.bytes).id === event.id;
    } catch { held = false; }
    events.push({ id: event.id, held });
  }
  return { point, events, signed: await signedBy(proof.key, point), key: proof.key };
}

async function run(place) {
  const out = document.createElement("p");
  out.setAttribute("role", "status");
  place.replaceChildren(out);
  if (!globalThis.crypto?.subtle) { out.textContent = words.proofInsecure; return; }
  out.textContent = words.proofChecking;
  try {
    const answer = await fetch(place.dataset.proof);
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const result = await check(await answer.json());
    for (const { id, held } of result.events) {
      const mark = document.querySelector(`[data-check="${CSS.escape(id)}"]`);
      if (!mark) continue;
      mark.textContent = held === null ? words.proofNotYet : held ? words.proofIn : words.proofWrong;
      mark.dataset.held = String(held);
    }
    const wrong = result.events.filter((event) => event.held === false).length;
    const good = result.events.filter((event) => event.held).length;
    if (wrong || result.signed === false) {
      out.textContent = `${words.proofBad} ${wrong ? `${wrong} / ${result.events.length}` : words.proofKey}`;
      place.dataset.held = "false";
      return;
    }
    out.textContent = `${good} ${result.signed === null ? words.proofUnsigned : words.proofGood}`;
    place.dataset.held = String(result.signed ?? "unsigned");
    const key = document.createElement("code");
    key.className = "wrap";
    key.textContent = result.key;
    const line = document.createElement("p");
    line.className = "quiet";
    line.append(words.proofKey, " ", key);
    place.append(line);
  } catch (error) {
    out.textContent = `${words.proofBad} ${error.message}`;
    place.dataset.held = "false";
  }
}

const look = () => document.querySelectorAll("[data-proof]").forEach(run);
look();
document.addEventListener("desk:swapped", look);
