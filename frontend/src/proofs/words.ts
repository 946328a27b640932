/** The reason why something was refused, as a sentence for people. */
import type { HeadsRefused } from './heads';
import type { Broken } from './seen';
import type { WitnessError } from './trie';
import type { PageRefused } from './verify';
import type { Malformed } from './wire';

export function pageRefusedWords(why: PageRefused): string {
  switch (why.kind) {
    case 'malformed':
      return malformedWords(why.error);
    case 'label-unknown':
      return 'The reads of this store are closed. Only the owner of the key learns its label, by a claim. Without the label no proof of the key can be checked.';
    case 'witness':
      return `The proof is of another key: ${witnessWords(why.error)}.`;
    case 'root':
      return 'The proof belongs to another state than the certified one.';
    case 'count':
      return `The answer has ${why.shown} messages, but the proof is of ${why.proved}: messages were ${why.shown < why.proved ? 'left out' : 'added'}.`;
    case 'below-missing':
      return 'The proof does not show which message comes before the oldest one.';
    case 'no-such-key':
      return 'The answer has messages of a key that the store does not have.';
    case 'jump-outside':
      return `Message ${why.id} links to a message that the proof does not have.`;
    case 'order':
      return `Message ${why.id} is not in the order of its key's list.`;
    case 'chain':
      return 'A message was forged, left out, added or exchanged.';
    case 'before-entry':
      return `Message ${why.id} was not asked for.`;
    case 'start':
      return `Messages before number ${why.rank} of this key may have been left out.`;
    case 'empty':
      return 'The answer has no messages, and nothing shows that there are none.';
  }
}

export function headsRefusedWords(why: HeadsRefused): string {
  switch (why.kind) {
    case 'malformed':
      return malformedWords(why.error);
    case 'count':
      return `${why.asked} keys were asked for, but the proof is of ${why.proved}.`;
    case 'label-unknown':
      return `The reads of this store are closed. Only the owner of key ${why.at + 1} learns its label, by a claim. Without the label no proof of the key can be checked.`;
    case 'witness':
      return `The proof of key ${why.at + 1} is of another key: ${witnessWords(why.error)}.`;
    case 'root':
      return `The proof of key ${why.at + 1} belongs to another state than the certified one.`;
  }
}

export function brokenWords(why: Broken): string {
  switch (why.kind) {
    case 'epoch':
      return `The answer has epoch ${why.found}, but epoch ${why.seen} was seen before: it shows an older state.`;
    case 'rolled-back':
      return `The key has ${why.found} messages, but ${why.seen} were seen before: the answer shows an older state, or messages were removed.`;
    case 'forked':
      return `Number ${why.rank} of this key is not the message that was seen there before.`;
  }
}

function witnessWords(error: WitnessError): string {
  switch (error) {
    case 'positions':
      return 'the nodes do not descend';
    case 'off-the-way':
      return 'it ends at a leaf that is not on the path of the key';
    case 'not-absent':
      return 'it shows the leaf of the key itself as that of another key';
    case 'nothing':
      return 'its nodes lead nowhere';
  }
}

function malformedWords(error: Malformed): string {
  switch (error.kind) {
    case 'truncated':
      return 'The proof ends in the middle of a field.';
    case 'trailing-bytes':
      return `${error.count} bytes follow the proof.`;
    case 'version':
      return `The proof has version ${error.found}, which this page does not know.`;
    case 'case':
      return `The proof has a byte ${error.found} that names no case.`;
    case 'number':
      return 'A number in the proof has too many bytes.';
    case 'count':
      return `The proof has ${error.found} items where at most ${error.max} are allowed.`;
  }
}
