// Asks a Dataverse for everything that this client has a call for and the sandbox plays: node dynamics_web_api.js URL
// TOKEN. Prints one JSON object, step by step what came back; an error is {"error": {"status", "code"}}.
const { DynamicsWebApi } = require("dynamics-web-api");

const [url, token] = process.argv.slice(2);
const api = new DynamicsWebApi({
  serverUrl: url,
  dataApi: { version: "9.2" },
  onTokenRefresh: async () => token,
});
const results = {};
// An error of a batch's part wraps the service's own.
const told = (error) => ({ status: error.status, code: (error.error ?? error).code });

// Keeps what a call gives, or how it failed; gives it on to later steps.
async function step(name, call) {
  try {
    const found = await call();
    results[name] = found === undefined ? null : found;
  } catch (error) {
    results[name] = { error: told(Array.isArray(error) ? error[0] : error) };
  }
  return results[name];
}

async function main() {
  for (const part of [...require("./rows"), ...require("./together"), ...require("./metadata")]) {
    await part({ api, step });
  }
  process.stdout.write(JSON.stringify(results));
}

main();
