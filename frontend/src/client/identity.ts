/**
 * A signing key made in this browser and kept in its IndexedDB: ECDSA on P-256, which the Internet Computer accepts.
 * The private key is not extractable: neither this code nor any other can read it, only sign with it.
 */
import { ECDSAKeyIdentity } from '@icp-sdk/core/identity';

const DATABASE = 'message-canister';
const STORE = 'identity';
const KEY = 'browser-key';

function request<T>(of: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    of.onsuccess = () => resolve(of.result);
    of.onerror = () => reject(of.error);
  });
}

async function withStore<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await request(opening);
  try {
    return await request(work(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

/** Returns the stored key, if there is one. */
export async function loadIdentity(): Promise<ECDSAKeyIdentity | undefined> {
  const pair: CryptoKeyPair | undefined = await withStore('readonly', (store) => store.get(KEY));
  return pair && ECDSAKeyIdentity.fromKeyPair(pair);
}

/** Makes a key and stores it, replacing any earlier key. */
export async function makeIdentity(): Promise<ECDSAKeyIdentity> {
  const identity = await ECDSAKeyIdentity.generate({ extractable: false });
  await withStore('readwrite', (store) => store.put(identity.getKeyPair(), KEY));
  return identity;
}

/** Deletes the key. Messages stored with it stay; nobody can sign as its principal again. */
export async function forgetIdentity(): Promise<void> {
  await withStore('readwrite', (store) => store.delete(KEY));
}
