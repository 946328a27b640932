/**
 * Paging: a sliding window over a list of messages, and the curve of messages over time. No DOM, no framework; from the
 * client only its types.
 *
 *     const window = new MessageWindow((cursor) => client.pageByKey(keyId, cursor), { pageSize: 100, maxBytes: 64e6 });
 *     await window.load('older');       // the newest page; again: the one before it
 *     await window.load('newer');       // newer messages: call it when the key's head has moved
 *
 * `window.messages` always ascend by id; show them in either order. If `window.gaps` contains a message's id, the store
 * dropped messages directly before it before they could be read.
 */
export { Curve, type CurveOptions, DEFAULT_CURVE, type Ends, type Point } from './curve';
export { type Direction, type Loaded, MessageWindow, type Source, type WindowOptions } from './window';
