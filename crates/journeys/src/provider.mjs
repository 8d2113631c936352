// A real OpenID provider on loopback, for one journey: `oidc-provider`, with its own pages for signing in, where any name and password
// will do. Called with the folder of its package, a port, and where the desk's browser comes back to.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import path from "node:path";

const [folder, port, back] = process.argv.slice(2);
const at = createRequire(path.join(folder, "package.json")).resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(at).href);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "desk", client_secret: "a secret of this journey", redirect_uris: [back], grant_types: ["authorization_code"], response_types: ["code"] }],
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  cookies: { keys: ["a key of this journey"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.org`, email_verified: true }) }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
