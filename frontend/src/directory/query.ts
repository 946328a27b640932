/** What a client passes in to check an answer: what it pins, what it remembers, and what it asks. */
import type { State } from './change';
import type { Quorum } from './checkpoint';
import type { Checkpoint } from './log';
import type { Policy } from './policy';

/** What a client pins. */
export interface Trusted {
  readonly realm: Uint8Array;
  /** The first line of the directory's checkpoints. */
  readonly origin: string;
  readonly vrfKey: Uint8Array;
  /** The hash of the directory's configuration. */
  readonly configuration: Uint8Array;
  /** Registrar's policies, today's and former ones, any of which vouches for version 0. Empty: registration is open. */
  readonly registrars: readonly Policy[];
  /** Whose ratification is asked for. Without it, for development, answers are certified at best. */
  readonly quorum: Quorum | undefined;
}

/** What a client remembers of the directory, whatever label it looks up. */
export interface Memory {
  /** The largest certified log that it has seen. */
  readonly log: Checkpoint;
  /** Epochs through the newest ratified head that it has seen: no older head is accepted. */
  readonly ratified: bigint;
}

export interface Query {
  /** The encoded label. */
  readonly label: Uint8Array;
  /** The state that the client has asked for. An answer about the ratified state can be of any age, unless it is ratified. */
  readonly view: 'newest' | 'ratified';
  /** The log that the platform certifies, and the certificate's time in nanoseconds. */
  readonly certified: Checkpoint;
  readonly certifiedTime: bigint;
  /** What the last look-up returned, of any label. */
  readonly memory?: Memory | undefined;
  /** The label's state at the last look-up. */
  readonly contact?: State | undefined;
  /** The client's clock, in seconds. */
  readonly now: bigint;
}
