// The canister as an application has it: an actor whose methods are those of canister.did.

/** An agent that asks the network for its root key, unless `options` say otherwise. */
export async function agent({ HttpAgent }, host, options = {}) {
  return await HttpAgent.create({ host, shouldFetchRootKey: true, ...options });
}

/** The canister as `agent` calls it. */
export function actor({ Actor, idlFactory }, agent, canisterId) {
  return Actor.createActor(idlFactory, { agent, canisterId });
}

/** The canister as the anonymous caller has it. */
export async function inbox(packages, { url, canister }) {
  return actor(packages, await agent(packages, url), canister);
}

/** The error that `attempt` ends with. */
export async function failure(attempt) {
  let result;
  try {
    result = await attempt();
  } catch (error) {
    return error;
  }
  throw new Error(`it must fail, but gave ${result}`);
}

/** Bytes of a text. */
export function bytes(text) {
  return new TextEncoder().encode(text);
}
